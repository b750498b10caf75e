package dev.nunchi.nn;

import java.util.List;

/// Gemma 2 with a classification head, as `Gemma2ForSequenceClassification` of transformers defines
/// it (Gemma Team, 2024, <https://arxiv.org/abs/2408.00118>): norms around the blocks, gates of
/// GELU, scores of attention under a cap, and every other layer with a window.
///
/// `final_logit_softcapping` is of the model of language and not of the classifier.
final class Gemma2 {
  static final String MODEL_TYPE = "gemma2";

  private Gemma2() {}

  static Network of(Configuration config) {
    config.require("use_bidirectional_attention", "false");
    DecoderKeys keys = DecoderKeys.of(config, 256);
    boolean bias = config.flag("attention_bias", false);
    String cap = "attn_logit_softcapping";
    DecoderLayer layer =
        keys.layer(
                DecoderLayer.Norms.around(config.positive("rms_norm_eps", 1e-6)),
                config.activation("hidden_activation", "gelu_pytorch_tanh"),
                keys.attention(
                    config.positive("query_pre_attn_scalar", 256),
                    config.isNull(cap) ? 0 : config.positive(cap, 50)),
                keys.rotary().ofAll(10_000))
            .withBiases(bias, bias, false);
    List<Boolean> windowed = LayerTypes.windowed(config, keys.layers(), number -> number % 2 == 0);
    DecoderLayer local = windowed.contains(true) ? layer.within(keys.reach(4096)) : layer;
    return keys.network(
        MODEL_TYPE,
        "Gemma2ForSequenceClassification",
        Math.sqrt(keys.hiddenSize()),
        number -> windowed.get(number) ? local : layer);
  }
}
