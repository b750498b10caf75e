package dev.nunchi.torch;

/// An optimiser and its constants; the learning rate comes with each step.
public sealed interface OptimizerSettings {
  /// Adam with decoupled weight decay (<https://arxiv.org/abs/1711.05101>).
  ///
  /// @param beta1 decay of the first moment, in [0, 1)
  /// @param beta2 decay of the second moment, in [0, 1)
  /// @param epsilon added to the root of the second moment
  /// @param weightDecay multiplied with the learning rate and taken off all weights but biases and
  ///   norms at each step
  /// @param layerwiseDecay factor of the rate from a layer to the one below it, in (0, 1]
  record AdamW(
      double beta1, double beta2, double epsilon, double weightDecay, double layerwiseDecay)
      implements OptimizerSettings {}

  /// Adagrad (<https://jmlr.org/papers/v12/duchi11a.html>).
  ///
  /// @param epsilon added to the root of the sum of squares; the larger, the smaller the steps of
  ///   rows that were seldom seen
  record Adagrad(double epsilon) implements OptimizerSettings {}
}
