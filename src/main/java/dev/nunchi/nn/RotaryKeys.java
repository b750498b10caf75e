package dev.nunchi.nn;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import org.jspecify.annotations.Nullable;

/// Rotary positions as configurations spell them.
///
/// New ones have `rope_parameters`, or one of these for each type of layer; older ones have a key
/// for the base, `rope_theta` or a name of the family's, and `rope_scaling` where the frequencies
/// are scaled. Keys, defaults and what goes before what are those of transformers 5.
///
/// @param headDim width of a head
record RotaryKeys(Configuration config, int headDim) {
  private static final String PARAMETERS = "rope_parameters";
  private static final String SCALING = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String TRAINED_POSITIONS = "original_max_position_embeddings";

  RotaryKeys {
    if (headDim % 2 != 0) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s: heads of %d numbers cannot have rotary positions, which take an even one"
              .formatted(config.origin(), headDim));
    }
  }

  /// The positions of all layers.
  ///
  /// @param theta where nothing says another
  Rotary ofAll(double theta) {
    @Nullable Configuration older = part(SCALING);
    @Nullable Configuration rope = older == null ? part(PARAMETERS) : older;
    if (rope != null && (rope.has(LayerTypes.FULL) || rope.has(LayerTypes.WINDOWED))) {
      throw config.unsupported(
          PARAMETERS, "one for each type of layer", "one for all, as the family has it");
    }
    return rotary(rope, config.positive(THETA, theta));
  }

  /// The positions of the layers of one type.
  ///
  /// @param thetaKey the older key of the base
  /// @param theta where nothing says another
  /// @param isScaled whether `rope_scaling`, the older key, speaks of these layers
  Rotary of(String layerType, String thetaKey, double theta, boolean isScaled) {
    @Nullable Configuration all = part(PARAMETERS);
    if (all != null && (all.has("rope_type") || all.has(THETA))) {
      throw config.unsupported(
          PARAMETERS, "one for all types of layer", "one for each, as the family has it");
    }
    @Nullable Configuration older = isScaled ? part(SCALING) : null;
    @Nullable Configuration rope = all == null ? null : all.part(layerType);
    double base =
        rope != null && rope.has(THETA)
            ? rope.positive(THETA, theta)
            : config.positive(thetaKey, theta);
    return rotary(older == null ? rope : older, base);
  }

  /// @throws NunchiException `UNSUPPORTED_MODEL` where the older key scales the frequencies
  void requireUnscaled() {
    @Nullable Configuration older = part(SCALING);
    if (older != null && !type(older).equals("default")) {
      throw older.unsupported("rope_type", type(older), "default");
    }
  }

  /// Null where it is absent or empty.
  private @Nullable Configuration part(String key) {
    @Nullable Configuration part = config.part(key);
    return part == null || part.isEmpty() ? null : part;
  }

  private Rotary rotary(@Nullable Configuration rope, double theta) {
    requireWhole(config);
    if (rope == null) {
      return new Rotary(headDim, theta);
    }
    requireWhole(rope);
    return new Rotary(headDim, rope.positive(THETA, theta), scaling(rope));
  }

  /// @throws NunchiException where a part of each head only is turned
  private static void requireWhole(Configuration keys) {
    double share = keys.positive("partial_rotary_factor", 1);
    if (share != 1) {
      throw keys.unsupported("partial_rotary_factor", String.valueOf(share), "1.0");
    }
  }

  private Rotary.Scaling scaling(Configuration rope) {
    return switch (type(rope)) {
      case "default" -> new Rotary.Scaling.None();
      case "linear" -> new Rotary.Scaling.Interpolated(rope.positive("factor"));
      case "llama3" -> byTurns(rope);
      case String other -> throw rope.unsupported("rope_type", other, "default, linear, llama3");
    };
  }

  private Rotary.Scaling byTurns(Configuration rope) {
    double least = rope.positive("low_freq_factor");
    double most = rope.positive("high_freq_factor");
    if (most <= least) {
      throw rope.unsupported("high_freq_factor", String.valueOf(most), "over low_freq_factor");
    }
    int positions =
        config.has(TRAINED_POSITIONS)
            ? config.size(TRAINED_POSITIONS)
            : rope.has(TRAINED_POSITIONS)
                ? rope.size(TRAINED_POSITIONS)
                : config.size("max_position_embeddings");
    return new Rotary.Scaling.ByTurns(rope.positive("factor"), least, most, positions);
  }

  private static String type(Configuration rope) {
    return rope.has("rope_type")
        ? rope.text("rope_type")
        : rope.has("type") ? rope.text("type") : "default";
  }
}
