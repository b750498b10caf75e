package dev.nunchi.eval;

/// How good probabilities are, as against the answer alone.
///
/// Probabilities are `[rows, labels]`, each row summing to 1; `actual` is `[rows]`, the index of
/// each row's label. All are 0 for no rows.
public final class ProbabilityMetrics {
  // As scikit-learn clips: the step from 1 to the next double.
  private static final double EPSILON = Math.ulp(1.0);

  private ProbabilityMetrics() {}

  /// Mean negative log-likelihood of the actual label, in nats; probabilities are clipped to
  /// [2^-52, 1 - 2^-52] as in scikit-learn's `log_loss`.
  public static double logLoss(int[] actual, double[][] probabilities) {
    check(actual, probabilities);
    double sum = 0;
    for (int row = 0; row < actual.length; row++) {
      sum -= Math.log(Math.clamp(probabilities[row][actual[row]], EPSILON, 1 - EPSILON));
    }
    return ClassScores.quotient(sum, actual.length);
  }

  /// Mean squared distance between the probabilities and the actual label as a one-hot vector; in
  /// [0, 2], halved to [0, 1] for two labels, as in scikit-learn's `brier_score_loss`.
  public static double brierScore(int[] actual, double[][] probabilities) {
    check(actual, probabilities);
    double sum = 0;
    for (int row = 0; row < actual.length; row++) {
      for (int label = 0; label < probabilities[row].length; label++) {
        double difference = probabilities[row][label] - (label == actual[row] ? 1 : 0);
        sum += difference * difference;
      }
    }
    boolean halved = actual.length > 0 && probabilities[0].length == 2;
    return ClassScores.quotient(halved ? sum / 2 : sum, actual.length);
  }

  /// The mean gap between confidence and accuracy of the predictions, in [0, 1]; see [Reliability].
  public static double expectedCalibrationError(int[] actual, double[][] probabilities) {
    return Reliability.of(Answers.of(actual, probabilities)).expectedCalibrationError();
  }

  /// The index of the highest probability, of several the first.
  static int prediction(double[] probabilities) {
    int best = 0;
    for (int label = 1; label < probabilities.length; label++) {
      if (probabilities[label] > probabilities[best]) {
        best = label;
      }
    }
    return best;
  }

  static void check(int[] actual, double[][] probabilities) {
    if (actual.length != probabilities.length) {
      throw new IllegalArgumentException(
          "%d labels beside %d rows of probabilities"
              .formatted(actual.length, probabilities.length));
    }
    for (double[] row : probabilities) {
      for (double probability : row) {
        if (!(probability >= 0 && probability <= 1)) {
          throw new IllegalArgumentException("A probability lies in [0, 1], found " + probability);
        }
      }
    }
  }
}
