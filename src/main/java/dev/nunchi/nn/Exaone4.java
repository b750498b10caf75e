package dev.nunchi.nn;

import java.util.List;
import java.util.function.IntPredicate;

/// EXAONE 4 with a classification head, as `Exaone4ForSequenceClassification` of transformers
/// defines it (LG AI Research, 2025, <https://arxiv.org/abs/2507.11407>): norms after the blocks
/// and of the heads; and where some layers have a window, the others have no rotary positions.
final class Exaone4 {
  static final String MODEL_TYPE = "exaone4";

  private static final String PATTERN = "sliding_window_pattern";

  private Exaone4() {}

  static Network of(Configuration config) {
    DecoderKeys keys = DecoderKeys.of(config);
    DecoderLayer turned =
        keys.layer(
                DecoderLayer.Norms.after(config.positive("rms_norm_eps", 1e-5)),
                config.activation("hidden_act", "silu"),
                keys.attention(),
                keys.rotary().ofAll(10_000))
            .withHeadNorms();
    List<Boolean> windowed =
        LayerTypes.windowed(
            config,
            keys.layers(),
            keys.hasNoWindow() ? _ -> false : hasWindow(config, keys.layers()));
    DecoderLayer local = windowed.contains(true) ? turned.within(keys.reach(4096)) : turned;
    DecoderLayer global = keys.hasNoWindow() ? turned : turned.with((Rotary) null);
    return keys.network(
        MODEL_TYPE,
        "Exaone4ForSequenceClassification",
        1,
        number -> windowed.get(number) ? local : global);
  }

  /// A number `n`, every `n`th layer has none; or a word of `L` and `G` that repeats, where the
  /// last layer has none whatever its letter.
  private static IntPredicate hasWindow(Configuration config, int layers) {
    if (!config.isText(PATTERN)) {
      int every = config.size(PATTERN, 4);
      return number -> (number + 1) % every != 0;
    }
    String word = config.text(PATTERN);
    if (!word.matches("[LG]+")) {
      throw config.unsupported(PATTERN, word, "a number, or letters L and G");
    }
    return number -> number < layers - 1 && word.charAt(number % word.length()) == 'L';
  }
}
