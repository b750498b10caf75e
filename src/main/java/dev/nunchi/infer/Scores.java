package dev.nunchi.infer;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/// Probabilities of the labels, in the order of the logits.
///
/// With logits `z` and temperature `t` (Guo et al., 2017, <https://arxiv.org/abs/1706.04599>) the
/// score of label `i` is `exp(z_i / t) / Σ exp(z_j / t)` where a text has one label, and `1 / (1 +
/// exp(-z_i / t))` where it has any number of them. The one score of a regression is its value, `z
/// / t`. Computed in double precision, in forms that do not overflow.
public final class Scores {
  private final ProblemType problemType;
  private final double[] scores;

  private Scores(ProblemType problemType, double[] scores) {
    this.problemType = problemType;
    this.scores = scores;
  }

  /// @param logits one for each label, finite
  /// @param temperature over 0
  public static Scores of(float[] logits, ProblemType problemType, double temperature) {
    double[] values = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      values[i] = logits[i];
    }
    return new Scores(problemType, problemType.probabilities(values, temperature));
  }

  public int size() {
    return scores.length;
  }

  /// The score of the label with that index, in [0, 1]; of a regression the value.
  public double get(int index) {
    return scores[index];
  }

  /// The index of the highest score; of equal ones the first.
  public int best() {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  /// `Σ score · polarity / Σ score`, in [-1, 1]; empty where a label has no polarity.
  ///
  /// Where a text has one label the scores sum to 1, and this is the expected polarity. Where it
  /// has any number of labels it is the mean polarity of the labels, each weighted by its score. A
  /// regression's is its value times the polarity that a value of 1 stands for.
  public OptionalDouble polarity(LabelSet labels) {
    if (!labels.hasPolarity()) {
      return OptionalDouble.empty();
    }
    if (problemType == ProblemType.REGRESSION) {
      return OptionalDouble.of(
          Math.clamp(scores[0] * labels.get(0).polarity().getAsDouble(), -1.0, 1.0));
    }
    double weighted = 0;
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      weighted += scores[i] * labels.get(i).polarity().getAsDouble();
      sum += scores[i];
    }
    return OptionalDouble.of(sum == 0 ? 0 : Math.clamp(weighted / sum, -1.0, 1.0));
  }

  /// The value that a regression gives.
  public OptionalDouble value() {
    return problemType == ProblemType.REGRESSION
        ? OptionalDouble.of(scores[0])
        : OptionalDouble.empty();
  }

  public List<Double> toList() {
    return Arrays.stream(scores).boxed().toList();
  }
}
