package dev.nunchi.eval;

/// The predictions of a single-label model without their labels.
///
/// @param confidences `[rows]`, the highest probability of each row
/// @param correct `[rows]`, whether that label is the actual one
record Answers(double[] confidences, boolean[] correct) {
  static Answers of(int[] actual, double[][] probabilities) {
    ProbabilityMetrics.check(actual, probabilities);
    double[] confidences = new double[actual.length];
    boolean[] correct = new boolean[actual.length];
    for (int row = 0; row < actual.length; row++) {
      int prediction = ProbabilityMetrics.prediction(probabilities[row]);
      confidences[row] = probabilities[row][prediction];
      correct[row] = prediction == actual[row];
    }
    return new Answers(confidences, correct);
  }
}
