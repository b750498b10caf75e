package dev.nunchi.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A classifier of texts: one vector for each text, a dense layer where the family has one, and the
/// layer that gives the logits, `output(dropout(dense(dropout(pool(x)))))`.
///
/// @param inputDropout share that training drops before the dense layer, in [0, 1)
/// @param dropout share that training drops before the output, in [0, 1)
/// @param labelPrefixes how the names begin of what is replaced when the labels change
record Classifier(
    Pooling pooling,
    double inputDropout,
    @Nullable Dense dense,
    double dropout,
    Linear output,
    List<String> labelPrefixes)
    implements Head {
  /// The layer before the output: `norm(activation(linear(x)))`.
  ///
  /// @param norm null for none
  record Dense(Linear linear, Activation activation, @Nullable LayerNorm norm) {
    <T> T apply(Ops<T> ops, T x) {
      T activated = ops.activation(ops.linear(x, linear), activation);
      return norm == null ? activated : ops.layerNorm(activated, norm);
    }

    private List<String> prefixes() {
      return norm == null
          ? List.of(linear.name() + ".")
          : List.of(linear.name() + ".", norm.name() + ".");
    }
  }

  @Override
  public <T> T logits(Ops<T> ops, Trunk trunk, Inputs<T> inputs) {
    T x = ops.dropout(trunk.pooled(ops, inputs, pooling), inputDropout);
    T features = dense == null ? x : ops.dropout(dense.apply(ops, x), dropout);
    return ops.linear(features, output);
  }

  @Override
  public int labels() {
    return output.out();
  }

  @Override
  public String outputWeight() {
    return output.weight();
  }

  @Override
  public int labelAxis() {
    return 0;
  }

  @Override
  public Optional<String> outputBias() {
    return output.bias() ? Optional.of(output.biasName()) : Optional.empty();
  }

  @Override
  public List<String> prefixes() {
    List<String> all = new ArrayList<>(labelPrefixes);
    if (dense != null) {
      all.addAll(dense.prefixes());
    }
    return List.copyOf(all);
  }
}
