package dev.nunchi.export;

import java.util.Map;

/// The numbers that a graph computes in.
sealed interface NumberFormat {
  record Float32() implements NumberFormat {}

  /// Weights and the layers' products in 16 bits; norms, softmax, residual sums and the head in 32.
  record Float16() implements NumberFormat {}

  /// Weights in the upper 16 bits of fp32, as most decoders are published; everything is computed
  /// in fp32, as ONNX Runtime has no products of them on the CPU.
  record BFloat16() implements NumberFormat {}

  /// Weights of linear layers below the head as whole numbers, a step for each block, and tables of
  /// 8 bits with a step for each row; everything is computed in fp32, but for products, whose
  /// inputs ONNX Runtime rounds to 8 bits on the way, block by block.
  record WeightOnly(BlockRounding rounding) implements NumberFormat {}

  /// Weights and inputs of linear layers below the head as whole numbers of 8 bits, everything else
  /// in fp32.
  ///
  /// The steps of the inputs are constants of the graph ("static"), so a text's answer does not
  /// depend on what is in the batch with it.
  ///
  /// @param layers how each is rounded, by its name; one that is not among them stays in fp32
  record Int8(Map<String, RoundedLayer> layers) implements NumberFormat {
    public Int8 {
      layers = Map.copyOf(layers);
    }
  }
}
