package dev.nunchi.nn;

/// Llama 3, 3.1 and 3.2 with a classification head, as `LlamaForSequenceClassification` of
/// transformers defines it (Grattafiori et al., 2024, <https://arxiv.org/abs/2407.21783>), and what
/// is published in its form, as Kanana is.
final class Llama {
  static final String MODEL_TYPE = "llama";

  private Llama() {}

  static Network of(Configuration config) {
    DecoderKeys keys = DecoderKeys.of(config);
    boolean attentionBias = config.flag("attention_bias", false);
    DecoderLayer layer =
        keys.layer(
                DecoderLayer.Norms.before(config.positive("rms_norm_eps", 1e-6)),
                config.activation("hidden_act", "silu"),
                keys.attention(),
                keys.rotary().ofAll(10_000))
            .withBiases(attentionBias, attentionBias, config.flag("mlp_bias", false));
    return keys.network(MODEL_TYPE, "LlamaForSequenceClassification", 1, _ -> layer);
  }
}
