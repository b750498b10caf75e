package dev.nunchi.export;

import java.util.Map;

/// The numbers that a graph computes in.
sealed interface NumberFormat {
  record Float32() implements NumberFormat {}

  /// Weights and the layers' products in 16 bits; norms, softmax, residual sums and the head in 32.
  record Float16() implements NumberFormat {}

  /// Weights and inputs of the linear layers below the head as whole numbers of 8 bits, everything
  /// else in fp32.
  ///
  /// The steps of the inputs are constants of the graph ("static"), so a text's answer does not
  /// depend on what is in the batch with it.
  ///
  /// @param inputs range of each linear layer's input, by the layer's name
  record Int8(Map<String, Range> inputs) implements NumberFormat {}
}
