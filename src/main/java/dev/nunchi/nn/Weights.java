package dev.nunchi.nn;

import java.util.Map;
import java.util.Set;

/// Weights by the checkpoint's own names; whoever implements it owns the memory.
public interface Weights {
  /// No weights at all: every parameter starts afresh.
  Weights NONE = of(Map.of(), "a new network");

  /// @param origin what holds the weights, for the message where one is missing
  static Weights of(Map<String, Weight> weights, String origin) {
    return new WeightMap(weights, origin);
  }

  Set<String> names();

  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where there is none of that name
  Weight get(String name);
}
