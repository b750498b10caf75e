package dev.nunchi.model;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Nf4Quantizer;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The weights of a base whose matrices are quantised to NF4 when they are asked for, as QLoRA
/// trains on them (Dettmers et al., 2023, <https://arxiv.org/abs/2305.14314>); see
/// [dev.nunchi.nn.Nf4].
///
/// An adapter answers as in training only on the same numbers, so whoever opens it again reads its
/// base through this too. Nothing is kept: each call quantises anew.
public final class Nf4Base implements Weights {
  /// Numbers that are read in one go.
  private static final int TILE = 1 << 16;

  private final Weights weights;
  private final Set<String> matrices;

  private Nf4Base(Weights weights, Set<String> matrices) {
    this.weights = weights;
    this.matrices = matrices;
  }

  /// @param adapted network, of which those linear layers are quantised whose weights adapters
  ///   leave as they are; the head and what is saved beside it are not
  public static Weights of(Weights weights, Network adapted) {
    Set<String> kept =
        adapted.parameters().stream()
            .filter(parameter -> !adapted.trains(parameter))
            .map(Parameter::name)
            .collect(Collectors.toSet());
    return new Nf4Base(
        weights,
        adapted.linears().stream()
            .map(Linear::weight)
            .filter(kept::contains)
            .collect(Collectors.toSet()));
  }

  /// Quantises a matrix with scales that are quantised too, tile by tile.
  ///
  /// @param name for errors
  /// @param arena that the result lives in
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where it holds what is no number
  public static Nf4Weight quantize(String name, Weight weight, Arena arena) {
    Nf4Quantizer quantizer = new Nf4Quantizer(name, weight.type(), weight.shape(), arena);
    long size = weight.data().byteSize() / weight.type().bytes();
    float[] tile = new float[TILE];
    for (long first = 0; first < size; first += TILE) {
      int count = (int) Math.min(TILE, size - first);
      for (int i = 0; i < count; i++) {
        tile[i] = FloatWeights.get(weight, first + i);
      }
      quantizer.add(tile, count);
    }
    return quantizer.finishDoubled();
  }

  @Override
  public Set<String> names() {
    return weights.names();
  }

  @Override
  public Weight get(String name) {
    return matrices.contains(name)
        ? quantized(name).orElseThrow().dequantized(Arena.ofAuto())
        : weights.get(name);
  }

  @Override
  public List<Integer> shape(String name) {
    return weights.shape(name);
  }

  @Override
  public ElementType type(String name) {
    return weights.type(name);
  }

  @Override
  public boolean isQuantized(String name) {
    return weights.isQuantized(name) || matrices.contains(name) && names().contains(name);
  }

  /// What was stored in NF4 already stays as it is.
  @Override
  public Optional<Nf4Weight> quantized(String name) {
    Optional<Nf4Weight> stored = weights.quantized(name);
    if (stored.isPresent() || !isQuantized(name)) {
      return stored;
    }
    Weight weight = weights.get(name);
    Nf4Weight quantized = quantize(name, weight, Arena.ofAuto());
    // The file's pages would stay resident beside it.
    weight.unload();
    return Optional.of(quantized);
  }
}
