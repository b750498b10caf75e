package dev.nunchi.torch;

import org.bytedeco.pytorch.Tensor;

/// What training minimises.
public sealed interface Loss
    permits CrossEntropy, BinaryCrossEntropy, MeanSquaredError, Distillation {
  /// The loss of a batch.
  ///
  /// @param logits `[batch, labels]`, fp32
  /// @param targets of its texts
  /// @return a scalar of the scope that is open: in nats, or a squared value
  Tensor mean(Tensor logits, Targets targets);

  /// What the mean of a batch is divided by, up to a factor that all batches share: the mean over
  /// several batches is that of their means, weighted by this.
  ///
  /// @param targets of its texts
  double weight(Targets targets);
}
