package dev.nunchi.torch;

import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// Weights as they stand now, for a test that goes on to change them.
final class CopiedWeights {
  private CopiedWeights() {}

  /// @param arena owns the copies
  static Map<String, Weight> of(Map<String, Weight> weights, Arena arena) {
    Map<String, Weight> copies = new HashMap<>();
    weights.forEach((name, weight) -> {
      MemorySegment copy = arena.allocate(weight.data().byteSize(), Float.BYTES);
      copy.copyFrom(weight.data());
      copies.put(name, new Weight(weight.type(), weight.shape(), copy));
    });
    return copies;
  }
}
