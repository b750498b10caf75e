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

  /// What the mean of a batch is divided by, up to a factor that all batches share: the mean over
  /// several batches is that of their means, weighted by this.
  ///
  /// @param labels `[batch]`, indices of the labels that each text has
  double weight(int[][] labels);
}
