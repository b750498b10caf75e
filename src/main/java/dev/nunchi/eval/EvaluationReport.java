package dev.nunchi.eval;

import dev.nunchi.LabelSet;
import java.util.List;

/// All that one evaluation of a single-label model tells.
///
/// @param before calibration of the logits as they are, at temperature 1
/// @param after calibration at the model's temperature, which `result` is measured at
/// @param confusedPairs the most frequent first
/// @param mistakes the most confident first
public record EvaluationReport(
    Subject subject,
    EvaluationResult result,
    Calibration before,
    Calibration after,
    CoverageCurve coverage,
    List<LengthBucket> lengths,
    List<ConfusedPair> confusedPairs,
    List<Mistake> mistakes,
    LearningCurves curves) {
  private static final int MOST_MISTAKES = 30;

  public EvaluationReport {
    lengths = List.copyOf(lengths);
    confusedPairs = List.copyOf(confusedPairs);
    mistakes = List.copyOf(mistakes);
  }

  /// Measures what a model said.
  ///
  /// @param texts at least one
  /// @param temperature the model's own, over 0
  public static EvaluationReport of(
      Subject subject,
      LabelSet labels,
      List<ScoredText> texts,
      double temperature,
      LearningCurves curves) {
    int[] actual = texts.stream().mapToInt(ScoredText::actual).toArray();
    double[][] logits =
        texts.stream()
            .map(text -> text.logits().stream().mapToDouble(Double::doubleValue).toArray())
            .toArray(double[][]::new);
    double[][] probabilities = Calibration.probabilities(logits, temperature);
    EvaluationResult result = EvaluationResult.of(labels, actual, probabilities);
    Answers answers = Answers.of(actual, probabilities);
    return new EvaluationReport(
        subject,
        result,
        Calibration.of(actual, logits, 1),
        Calibration.ofProbabilities(actual, probabilities, temperature),
        CoverageCurve.of(answers),
        LengthBucket.of(
            texts.stream().mapToInt(ScoredText::tokenCount).toArray(), answers.correct()),
        ConfusedPair.of(result.matrix()),
        Mistake.worst(texts, probabilities, MOST_MISTAKES),
        curves);
  }
}
