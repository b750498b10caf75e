package dev.nunchi.nn;

/// Mistral with a classification head, as `MistralForSequenceClassification` of transformers
/// defines it (Jiang et al., 2023, <https://arxiv.org/abs/2310.06825>): Llama without biases, all
/// of whose layers have a window unless `sliding_window` is null.
final class Mistral {
  static final String MODEL_TYPE = "mistral";

  private Mistral() {}

  static Network of(Configuration config) {
    DecoderKeys keys = DecoderKeys.of(config);
    DecoderLayer layer =
        keys.layer(
            DecoderLayer.Norms.before(config.positive("rms_norm_eps", 1e-6)),
            config.activation("hidden_act", "silu"),
            keys.attention(),
            keys.rotary().ofAll(10_000));
    DecoderLayer seen = keys.hasNoWindow() ? layer : layer.within(keys.reach(4096));
    return keys.network(MODEL_TYPE, "MistralForSequenceClassification", 1, _ -> seen);
  }
}
