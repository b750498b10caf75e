package dev.nunchi.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The loss of a regression: the mean of `(z - y)²` over a batch, as torch.nn.MSELoss has it and
/// transformers takes for `problem_type: regression`.
public record MeanSquaredError() implements Loss {
  private static final long MEAN_REDUCTION = 1;

  /// @param logits `[batch, 1]`
  /// @param targets values
  @Override
  public Tensor mean(Tensor logits, Targets targets) {
    if (!(targets instanceof Targets.Values(double[] values))) {
      throw new IllegalStateException("Labels, where the values of a regression were expected");
    }
    float[] wanted = new float[values.length];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = (float) values[i];
    }
    return torch.mse_loss(logits.squeeze(1), Placement.beside(wanted, logits), MEAN_REDUCTION);
  }

  /// The number of texts.
  @Override
  public double weight(Targets targets) {
    return targets.size();
  }
}
