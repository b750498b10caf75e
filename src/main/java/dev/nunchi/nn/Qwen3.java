package dev.nunchi.nn;

/// Qwen 3 with a classification head, as `Qwen3ForSequenceClassification` of transformers defines
/// it (Yang et al., 2025, <https://arxiv.org/abs/2505.09388>): Llama with norms of the heads.
final class Qwen3 {
  static final String MODEL_TYPE = "qwen3";

  private Qwen3() {}

  static Network of(Configuration config) {
    DecoderKeys keys = DecoderKeys.of(config, 128);
    boolean bias = config.flag("attention_bias", false);
    DecoderLayer layer =
        keys.layer(
                DecoderLayer.Norms.before(config.positive("rms_norm_eps", 1e-6)),
                config.activation("hidden_act", "silu"),
                keys.attention(),
                keys.rotary().ofAll(10_000))
            .withBiases(bias, bias, false)
            .withHeadNorms();
    return keys.network(
        MODEL_TYPE, "Qwen3ForSequenceClassification", 1, Qwen2.windowed(keys, layer));
  }
}
