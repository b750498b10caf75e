package dev.nunchi.eval;

/// The probabilities of a multi-label model over all pairs of text and label.
///
/// @param probabilities `[pairs]`, each in [0, 1]
/// @param outcomes `[pairs]`, whether the text has the label
record PairProbabilities(double[] probabilities, boolean[] outcomes) {
  // As scikit-learn clips: the step from 1 to the next double.
  private static final double EPSILON = Math.ulp(1.0);

  /// @param actual `[rows, labels]`
  /// @param probabilities `[rows, labels]`
  static PairProbabilities of(boolean[][] actual, double[][] probabilities) {
    if (actual.length != probabilities.length) {
      throw new IllegalArgumentException(
          "%d rows of labels beside %d of probabilities"
              .formatted(actual.length, probabilities.length));
    }
    int labels = actual.length == 0 ? 0 : actual[0].length;
    double[] flat = new double[actual.length * labels];
    boolean[] outcomes = new boolean[flat.length];
    for (int row = 0; row < actual.length; row++) {
      if (actual[row].length != labels || probabilities[row].length != labels) {
        throw new IllegalArgumentException("Row %d has not %d labels".formatted(row, labels));
      }
      System.arraycopy(probabilities[row], 0, flat, row * labels, labels);
      System.arraycopy(actual[row], 0, outcomes, row * labels, labels);
    }
    return new PairProbabilities(flat, outcomes);
  }

  /// Mean binary cross-entropy in nats.
  double logLoss() {
    double sum = 0;
    for (int i = 0; i < probabilities.length; i++) {
      double p = outcomes[i] ? probabilities[i] : 1 - probabilities[i];
      sum -= Math.log(Math.clamp(p, EPSILON, 1 - EPSILON));
    }
    return ClassScores.quotient(sum, probabilities.length);
  }

  /// Mean squared distance between probability and outcome, in [0, 1].
  double brierScore() {
    double sum = 0;
    for (int i = 0; i < probabilities.length; i++) {
      double difference = probabilities[i] - (outcomes[i] ? 1 : 0);
      sum += difference * difference;
    }
    return ClassScores.quotient(sum, probabilities.length);
  }

  Reliability reliability() {
    return Reliability.of(probabilities, outcomes);
  }

  Calibration calibration(double temperature) {
    return new Calibration(temperature, logLoss(), brierScore(), reliability());
  }
}
