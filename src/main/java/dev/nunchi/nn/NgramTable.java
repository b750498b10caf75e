package dev.nunchi.nn;

import java.util.List;
import java.util.Optional;

/// The head of numbered n-grams: the rows of a table that the numbers name, one column a label,
/// summed over the root of their count, and a bias.
///
/// @param name of both parameters
/// @param buckets rows of the table, row 0 being no n-gram
public record NgramTable(String name, int buckets, int labels) implements Head {
  @Override
  public <T> T logits(Ops<T> ops, Trunk trunk, Inputs<T> inputs) {
    T bag = ops.bag(trunk.hidden(ops, inputs), new Embedding(name, buckets, labels, 0));
    return ops.bias(bag, new Bias(name + ".bias", labels));
  }

  @Override
  public String outputWeight() {
    return name + ".weight";
  }

  /// Of `[buckets, labels]`.
  @Override
  public int labelAxis() {
    return 1;
  }

  @Override
  public Optional<String> outputBias() {
    return Optional.of(name + ".bias");
  }

  @Override
  public List<String> labelPrefixes() {
    return List.of(name + ".");
  }

  @Override
  public List<String> prefixes() {
    return labelPrefixes();
  }
}
