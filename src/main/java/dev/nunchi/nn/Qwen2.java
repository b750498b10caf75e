package dev.nunchi.nn;

import java.util.List;
import java.util.function.IntFunction;

/// Qwen 2 and 2.5 with a classification head, as `Qwen2ForSequenceClassification` of transformers
/// defines it (Yang et al., 2024, <https://arxiv.org/abs/2407.10671>): Llama with biases of
/// queries, keys and values.
final class Qwen2 {
  static final String MODEL_TYPE = "qwen2";

  private Qwen2() {}

  static Network of(Configuration config) {
    DecoderKeys keys = DecoderKeys.of(config);
    DecoderLayer layer =
        keys.layer(
                DecoderLayer.Norms.before(config.positive("rms_norm_eps", 1e-6)),
                config.activation("hidden_act", "silu"),
                keys.attention(),
                keys.rotary().ofAll(10_000))
            .withBiases(true, false, false);
    return keys.network(MODEL_TYPE, "Qwen2ForSequenceClassification", 1, windowed(keys, layer));
  }

  /// With `use_sliding_window` the layers from `max_window_layers` up, or those of `layer_types`,
  /// have a window.
  static IntFunction<DecoderLayer> windowed(DecoderKeys keys, DecoderLayer layer) {
    Configuration config = keys.config();
    boolean uses = config.flag("use_sliding_window", false) && !keys.hasNoWindow();
    int first = config.atLeast("max_window_layers", 28, 0);
    List<Boolean> windowed =
        LayerTypes.windowed(config, keys.layers(), number -> uses && number >= first);
    if (!windowed.contains(true)) {
      return _ -> layer;
    }
    if (!uses) {
      throw config.unsupported(
          "layer_types",
          LayerTypes.WINDOWED,
          LayerTypes.FULL + " where use_sliding_window is not true");
    }
    DecoderLayer local = layer.within(keys.reach(4096));
    return number -> windowed.get(number) ? local : layer;
  }
}
