package dev.nunchi.torch;

import org.bytedeco.pytorch.Tensor;

/// What training minimises.
public sealed interface Loss permits CrossEntropy, BinaryCrossEntropy {
  /// The loss of a batch.
  ///
  /// @param logits `[batch, labels]`, fp32
  /// @param labels `[batch]`, indices of the labels that each text has
  /// @return a scalar, in nats, of the scope that is open
  Tensor mean(Tensor logits, int[][] labels);
}
