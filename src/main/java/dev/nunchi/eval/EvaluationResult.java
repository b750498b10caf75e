package dev.nunchi.eval;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/// What an evaluation found.
///
/// @param metrics figures by stable names, in the order in which they are written: `count`,
///   `accuracy` with its 95 % interval `accuracy_low` and `accuracy_high`; `precision`, `recall`,
///   `f1` of the positive label where there are two; the same with `macro_` and `weighted_`;
///   `matthews_correlation`, `log_loss`, `brier_score`, `expected_calibration_error`
public record EvaluationResult(ConfusionMatrix matrix, Map<String, Double> metrics) {
  public EvaluationResult {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /// Evaluates probabilities.
  ///
  /// @param actual `[rows]`, the index of each row's label; at least one row
  /// @param probabilities `[rows, labels]`, each row summing to 1; the highest is the prediction,
  ///   of several the first
  public static EvaluationResult of(LabelSet labels, int[] actual, double[][] probabilities) {
    ProbabilityMetrics.check(actual, probabilities);
    ConfusionMatrix matrix = new ConfusionMatrix(labels);
    for (int row = 0; row < actual.length; row++) {
      matrix.add(actual[row], ProbabilityMetrics.prediction(probabilities[row]));
    }
    Map<String, Double> metrics = new LinkedHashMap<>();
    WilsonInterval interval = WilsonInterval.of(matrix.correct(), matrix.total());
    metrics.put("count", (double) matrix.total());
    metrics.put("accuracy", matrix.accuracy());
    metrics.put("accuracy_low", interval.low());
    metrics.put("accuracy_high", interval.high());
    positive(labels).ifPresent(label -> put(metrics, "", matrix.scores(label)));
    put(metrics, "macro_", matrix.macro());
    put(metrics, "weighted_", matrix.weighted());
    metrics.put("matthews_correlation", matrix.matthewsCorrelation());
    metrics.put("log_loss", ProbabilityMetrics.logLoss(actual, probabilities));
    metrics.put("brier_score", ProbabilityMetrics.brierScore(actual, probabilities));
    metrics.put(
        "expected_calibration_error",
        ProbabilityMetrics.expectedCalibrationError(actual, probabilities));
    return new EvaluationResult(matrix, metrics);
  }

  /// The positive label of two: the one with the higher polarity or, without polarities, the
  /// second.
  static OptionalInt positive(LabelSet labels) {
    if (labels.size() != 2) {
      return OptionalInt.empty();
    }
    boolean first = labels.hasPolarity() && polarity(labels.get(0)) > polarity(labels.get(1));
    return OptionalInt.of(first ? 0 : 1);
  }

  private static double polarity(Label label) {
    return label.polarity().orElseThrow();
  }

  private static void put(Map<String, Double> metrics, String prefix, ClassScores scores) {
    metrics.put(prefix + "precision", scores.precision());
    metrics.put(prefix + "recall", scores.recall());
    metrics.put(prefix + "f1", scores.f1());
  }
}
