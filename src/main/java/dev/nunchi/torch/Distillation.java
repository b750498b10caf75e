package dev.nunchi.torch;

import dev.nunchi.ProblemType;
import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// The loss of a student that learns from a teacher: the mean over a batch of `alpha · soft + (1 -
/// alpha) · own`, where a text without a label has the soft part alone (Hinton, Vinyals and Dean,
/// 2015, <https://arxiv.org/abs/1503.02531>).
///
/// With one label a text `soft` is `T² · KL(p || q)`, where `p` and `q` are the softmax of the
/// teacher's and the student's logits over `T`; the factor keeps the gradient as large whatever `T`
/// is. With any number of labels it is the mean of the same over the labels, each a choice between
/// two by the sigmoid; of a regression, which has no `T`, the squared difference from the teacher's
/// value.
///
/// @param own the loss of the labels; its weights of labels have the mean 1 over all labelled
///   texts, so that they move nothing between the two parts
/// @param meanWeight of a labelled text in `own`, over all of them; over 0
/// @param alpha weight of the soft part, in (0, 1]
/// @param temperature `T`, over 0
public record Distillation(
    Loss own, double meanWeight, ProblemType problemType, double alpha, double temperature)
    implements Loss {
  private static final long SUM_REDUCTION = 2;

  public Distillation {
    if (own instanceof Distillation) {
      throw new IllegalArgumentException("One teacher, and not a teacher of a teacher");
    }
  }

  /// @param targets those of [Targets.Distilled]
  @Override
  public Tensor mean(Tensor logits, Targets targets) {
    if (!(targets instanceof Targets.Distilled distilled)) {
      throw new IllegalStateException("No teacher's logits, where some were expected");
    }
    Tensor sum = soft(logits, distilled.teacher()).mul(new Scalar(alpha));
    int[] labelled = distilled.labelledTexts();
    if (alpha < 1 && labelled.length > 0) {
      sum = sum.add(ofLabels(logits, distilled, labelled).mul(new Scalar(1 - alpha)));
    }
    return sum.div(new Scalar((double) distilled.size()));
  }

  /// The sum over the texts.
  private Tensor soft(Tensor logits, float[][] teacher) {
    float[] flat = new float[teacher.length * teacher[0].length];
    for (int row = 0; row < teacher.length; row++) {
      System.arraycopy(teacher[row], 0, flat, row * teacher[row].length, teacher[row].length);
    }
    Tensor wanted = Placement.beside(flat, logits).view(teacher.length, teacher[0].length);
    return switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION ->
          squared(
              torch.kl_div(
                  torch.log_softmax(cooled(logits), 1),
                  torch.log_softmax(cooled(wanted), 1),
                  SUM_REDUCTION,
                  true));
      case MULTI_LABEL_CLASSIFICATION -> {
        Tensor probabilities = torch.sigmoid(cooled(wanted));
        yield squared(
            surprise(cooled(logits), probabilities)
                .sub(surprise(cooled(wanted), probabilities))
                .div(new Scalar((double) teacher[0].length)));
      }
      case REGRESSION -> torch.mse_loss(logits, wanted, SUM_REDUCTION);
    };
  }

  private Tensor cooled(Tensor logits) {
    return logits.div(new Scalar(temperature));
  }

  private Tensor squared(Tensor divergence) {
    return divergence.mul(new Scalar(temperature * temperature));
  }

  private static Tensor surprise(Tensor logits, Tensor probabilities) {
    return torch.binary_cross_entropy_with_logits(
        logits, probabilities, new TensorOptional(), new TensorOptional(), SUM_REDUCTION);
  }

  /// The sum over the texts with a label of their own loss.
  private Tensor ofLabels(Tensor logits, Targets.Distilled distilled, int[] labelled) {
    Targets targets = distilled.own().of(labelled);
    Tensor rows =
        labelled.length == distilled.size()
            ? logits
            : logits.index_select(
                0, Placement.beside(Arrays.stream(labelled).asLongStream().toArray(), logits));
    return own.mean(rows, targets).mul(new Scalar(own.weight(targets) / meanWeight));
  }

  /// The number of texts.
  @Override
  public double weight(Targets targets) {
    return targets.size();
  }
}
