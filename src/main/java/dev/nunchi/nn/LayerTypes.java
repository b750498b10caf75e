package dev.nunchi.nn;

import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Which layers see a window only, as configurations spell it: new ones list the layers in
/// `layer_types`, older ones have a rule of the family's.
final class LayerTypes {
  static final String WINDOWED = "sliding_attention";
  static final String FULL = "full_attention";

  private LayerTypes() {}

  /// @param rule whether a layer, counted from 0, sees a window only where no list says so
  static List<Boolean> windowed(Configuration config, int layers, IntPredicate rule) {
    return config.has("layer_types")
        ? config.each("layer_types", layers, FULL, WINDOWED).stream().map(WINDOWED::equals).toList()
        : IntStream.range(0, layers).mapToObj(rule::test).toList();
  }
}
