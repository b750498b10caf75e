package dev.nunchi.eval;

import dev.nunchi.ProblemType;
import java.util.Arrays;

/// How far probabilities can be trusted at one temperature.
///
/// @param temperature the logits were divided by it before softmax or sigmoid
/// @param logLoss see [ProbabilityMetrics#logLoss]
/// @param brierScore see [ProbabilityMetrics#brierScore]
public record Calibration(
    double temperature, double logLoss, double brierScore, Reliability reliability) {
  /// Measures the predictions of a single-label model at this temperature.
  ///
  /// @param actual `[rows]`, the index of each row's label
  /// @param logits `[rows, labels]`, finite
  /// @param temperature over 0
  public static Calibration of(int[] actual, double[][] logits, double temperature) {
    return ofProbabilities(actual, probabilities(logits, temperature), temperature);
  }

  static Calibration ofProbabilities(int[] actual, double[][] probabilities, double temperature) {
    return new Calibration(
        temperature,
        ProbabilityMetrics.logLoss(actual, probabilities),
        ProbabilityMetrics.brierScore(actual, probabilities),
        Reliability.of(Answers.of(actual, probabilities)));
  }

  static double[][] probabilities(double[][] logits, double temperature) {
    return Arrays.stream(logits)
        .map(row -> ProblemType.SINGLE_LABEL_CLASSIFICATION.probabilities(row, temperature))
        .toArray(double[][]::new);
  }
}
