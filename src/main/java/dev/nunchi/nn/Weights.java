package dev.nunchi.nn;

import java.util.Map;
import java.util.Set;

/// Weights by the checkpoint's own names; whoever implements it owns the memory.
public interface Weights {
  /// No weights at all: every parameter starts afresh.
  Weights NONE = of(Map.of());

  /// Weights that are in memory; one that is not among them is a mistake of the program.
  static Weights of(Map<String, Weight> weights) {
    return new WeightMap(Map.copyOf(weights));
  }

  Set<String> names();

  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where there is none of that name
  Weight get(String name);
}
