package dev.nunchi.nn;

import java.util.List;

/// Gemma 3 for texts with a classification head, as `Gemma3TextForSequenceClassification` of
/// transformers defines it (Gemma Team, 2025, <https://arxiv.org/abs/2503.19786>): Gemma 2 with
/// norms of the heads in place of the cap, and a window in five of six layers, which have rotary
/// positions of their own base.
final class Gemma3 {
  static final String MODEL_TYPE = "gemma3_text";

  private Gemma3() {}

  static Network of(Configuration config) {
    config.require("use_bidirectional_attention", "false");
    // transformers reads it and does not apply it.
    config.require("attn_logit_softcapping", "null");
    DecoderKeys keys = DecoderKeys.of(config, 256);
    boolean bias = config.flag("attention_bias", false);
    DecoderLayer layer =
        keys.layer(
                DecoderLayer.Norms.around(config.positive("rms_norm_eps", 1e-6)),
                config.activation("hidden_activation", "gelu_pytorch_tanh"),
                keys.attention(config.positive("query_pre_attn_scalar", 256), 0),
                keys.rotary().of(LayerTypes.FULL, "rope_theta", 1_000_000, true))
            .withBiases(bias, bias, false)
            .withHeadNorms();
    int pattern = config.size("sliding_window_pattern", 6);
    List<Boolean> windowed =
        LayerTypes.windowed(config, keys.layers(), number -> (number + 1) % pattern != 0);
    DecoderLayer local =
        windowed.contains(true)
            ? layer
                .within(keys.reach(4096))
                .with(keys.rotary().of(LayerTypes.WINDOWED, "rope_local_base_freq", 10_000, false))
            : layer;
    return keys.network(
        MODEL_TYPE,
        "Gemma3TextForSequenceClassification",
        Math.sqrt(keys.hiddenSize()),
        number -> windowed.get(number) ? local : layer);
  }
}
