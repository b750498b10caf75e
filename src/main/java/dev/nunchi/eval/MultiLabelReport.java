package dev.nunchi.eval;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import java.util.Arrays;

/// All that one evaluation of a multi-label model tells.
///
/// @param before calibration over all pairs of text and label at temperature 1
/// @param after the same at the model's temperature, which `result` is measured at
public record MultiLabelReport(
    Subject subject,
    MultiLabelResult result,
    Calibration before,
    Calibration after,
    LearningCurves curves) {
  /// Measures what a model said.
  ///
  /// @param actual `[rows, labels]`, whether the text has the label; at least one row
  /// @param logits `[rows, labels]`, finite
  /// @param temperature the model's own, over 0
  public static MultiLabelReport of(
      Subject subject,
      LabelSet labels,
      boolean[][] actual,
      double[][] logits,
      double temperature,
      LearningCurves curves) {
    double[][] raw = probabilities(logits, 1);
    double[][] scaled = probabilities(logits, temperature);
    return new MultiLabelReport(
        subject,
        MultiLabelResult.of(labels, actual, scaled),
        PairProbabilities.of(actual, raw).calibration(1),
        PairProbabilities.of(actual, scaled).calibration(temperature),
        curves);
  }

  private static double[][] probabilities(double[][] logits, double temperature) {
    return Arrays.stream(logits)
        .map(row -> ProblemType.MULTI_LABEL_CLASSIFICATION.probabilities(row, temperature))
        .toArray(double[][]::new);
  }
}
