package dev.nunchi.torch;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The loss of a classifier with one right label for each text: the mean of `-w_y log p_y` over a
/// batch, divided by the mean of the weights `w_y`, as torch.nn.CrossEntropyLoss has it.
///
/// The focal form multiplies each text's loss by `(1 - p_y)^gamma` (Lin et al., 2017,
/// <https://arxiv.org/abs/1708.02002>), so that texts that are already right weigh less.
///
/// @param classWeights a weight for each label, empty for 1 each
/// @param labelSmoothing share of the target spread over all labels, in [0, 1); 0 in the focal form
/// @param focalGamma 0 for the plain form
public record CrossEntropy(List<Double> classWeights, double labelSmoothing, double focalGamma)
    implements Loss {
  /// No weights, no smoothing.
  public static final CrossEntropy PLAIN = new CrossEntropy(List.of(), 0, 0);

  private static final long MEAN_REDUCTION = 1;
  private static final long NO_IGNORED_LABEL = -100;

  public CrossEntropy {
    classWeights = List.copyOf(classWeights);
    if (labelSmoothing > 0 && focalGamma > 0) {
      throw new IllegalArgumentException("The focal form is not defined with label smoothing");
    }
  }

  /// @param targets labels, one of each text
  @Override
  public Tensor mean(Tensor logits, Targets targets) {
    Tensor labels =
        Placement.beside(
            Arrays.stream(targets.labels()).mapToLong(label -> label[0]).toArray(), logits);
    if (focalGamma > 0) {
      return focal(logits, labels);
    }
    return torch.cross_entropy_loss(
        logits,
        labels,
        Floats.optional(classWeights, logits),
        MEAN_REDUCTION,
        NO_IGNORED_LABEL,
        labelSmoothing);
  }

  /// The number of texts, or the sum of the weights of their labels.
  @Override
  public double weight(Targets targets) {
    return classWeights.isEmpty()
        ? targets.size()
        : Arrays.stream(targets.labels()).mapToDouble(label -> classWeights.get(label[0])).sum();
  }

  private Tensor focal(Tensor logits, Tensor targets) {
    Tensor logProbability = torch.log_softmax(logits, 1).gather(1, targets.unsqueeze(1)).squeeze(1);
    Tensor surprise = logProbability.exp().neg().add(new Scalar(1.0));
    Tensor losses = surprise.pow(new Scalar(focalGamma)).mul(logProbability).neg();
    if (classWeights.isEmpty()) {
      return losses.mean();
    }
    Tensor weights = Floats.tensor(classWeights, logits).index_select(0, targets);
    return losses.mul(weights).sum().div(weights.sum());
  }
}
