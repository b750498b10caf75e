package dev.nunchi.torch;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// The loss of a classifier with any number of right labels for each text: the mean of `-(w_c y log
/// p + (1 - y) log(1 - p))` over all pairs of text and label, as torch.nn.BCEWithLogitsLoss has it.
///
/// @param positiveWeights `w_c` of each label, empty for 1 each: over 1 where a label is rarer than
///   its absence
public record BinaryCrossEntropy(List<Double> positiveWeights) implements Loss {
  private static final long MEAN_REDUCTION = 1;

  public BinaryCrossEntropy {
    positiveWeights = List.copyOf(positiveWeights);
  }

  @Override
  public Tensor mean(Tensor logits, Targets targets) {
    int[][] labels = targets.labels();
    int width = Math.toIntExact(logits.size(1));
    float[] wanted = new float[labels.length * width];
    for (int row = 0; row < labels.length; row++) {
      for (int label : labels[row]) {
        wanted[row * width + label] = 1;
      }
    }
    return torch.binary_cross_entropy_with_logits(
        logits,
        Placement.beside(wanted, logits).view(labels.length, width),
        new TensorOptional(),
        Floats.optional(positiveWeights, logits),
        MEAN_REDUCTION);
  }

  /// The number of texts.
  @Override
  public double weight(Targets targets) {
    return targets.size();
  }
}
