package dev.nunchi.nn;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  /// The weight; one that is stored in NF4 is dequantised anew for each call, into memory that is
  /// freed when nothing refers to it any more.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where there is none of that name
  Weight get(String name);

  /// The weight; what has to be computed of it lies in memory that ends with the arena.
  ///
  /// @param arena open for all threads, of which several may compute
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where there is none of that name
  default Weight get(String name, Arena arena) {
    return quantized(name).map(packed -> packed.dequantized(arena)).orElseGet(() -> get(name));
  }

  /// The shape of a weight, without its numbers.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where there is none of that name
  default List<Integer> shape(String name) {
    return get(name).shape();
  }

  /// The type of a weight, of one in NF4 that of the numbers that it stands for.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where there is none of that name
  default ElementType type(String name) {
    return get(name).type();
  }

  /// Whether [#quantized] gives a weight, without giving it.
  default boolean isQuantized(String name) {
    return quantized(name).isPresent();
  }

  /// The weight in NF4, where it is to be held so.
  default Optional<Nf4Weight> quantized(String name) {
    return Optional.empty();
  }
}
