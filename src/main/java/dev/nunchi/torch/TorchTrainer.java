package dev.nunchi.torch;

import dev.nunchi.text.PaddedBatch;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Trains a [TorchNetwork]: gathers gradients over batches, then takes an optimiser step.
///
/// One thread only. Every step frees what it allocated; the weights stay with the network.
public final class TorchTrainer implements AutoCloseable {
  private static final long MEAN_REDUCTION = 1;
  private static final long NO_IGNORED_LABEL = -100;

  /// How a network is trained.
  ///
  /// @param beta1 decay of the first moment, in [0, 1)
  /// @param beta2 decay of the second moment, in [0, 1)
  /// @param epsilon added to the root of the second moment
  /// @param weightDecay decoupled decay of all weights but biases and norms
  /// @param maxGradNorm largest joint norm of the gradients, 0 for no limit
  /// @param labelSmoothing share of the target spread over all labels, in [0, 1)
  public record Settings(
      ComputeType computeType,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      double maxGradNorm,
      double labelSmoothing) {}

  private final TorchNetwork network;
  private final Settings settings;
  private final AdamW optimizer;

  public TorchTrainer(TorchNetwork network, Settings settings) {
    this.network = network;
    this.settings = settings;
    try (PointerScope scope = new PointerScope()) {
      this.optimizer =
          new AdamW(
              network.parameters(),
              new AdamW.Settings(
                  settings.beta1(), settings.beta2(), settings.epsilon(), settings.weightDecay()));
    }
  }

  /// Adds the gradients of one batch, times `scale`, to those gathered since the last step.
  ///
  /// @param labels index of the right label of each row
  /// @return the mean cross-entropy of the batch, in nats
  public double accumulate(PaddedBatch batch, int[] labels, double scale) {
    try (PointerScope scope = new PointerScope()) {
      long[] targets = new long[labels.length];
      for (int i = 0; i < labels.length; i++) {
        targets[i] = labels[i];
      }
      Tensor loss =
          torch.cross_entropy_loss(
              network.forward(batch, settings.computeType(), true),
              torch.tensor(targets),
              new TensorOptional(),
              MEAN_REDUCTION,
              NO_IGNORED_LABEL,
              settings.labelSmoothing());
      (scale == 1 ? loss : loss.mul(new Scalar(scale))).backward();
      return loss.item_double();
    }
  }

  /// Clips the gathered gradients, updates the weights, and forgets the gradients.
  ///
  /// @return the joint L2 norm of the gradients before clipping
  public double step(double learningRate) {
    try (PointerScope scope = new PointerScope()) {
      double norm = optimizer.clipGradients(settings.maxGradNorm());
      optimizer.step(learningRate);
      return norm;
    }
  }

  @Override
  public void close() {
    optimizer.close();
  }
}
