package dev.nunchi.eval;

import static dev.nunchi.eval.MetricsFixture.TOLERANCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.eval.MetricsFixture.Case;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class EvaluationResultTest {
  static List<Case> cases() throws IOException {
    return MetricsFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_randomProbabilities_holdsScikitLearnsFigures(Case fixture) {
    Map<String, Double> metrics = fixture.result().metrics();
    Map<String, Double> expected =
        Map.of(
            "count", (double) fixture.actual().length,
            "accuracy", fixture.accuracy(),
            "accuracy_low", fixture.accuracyLow(),
            "accuracy_high", fixture.accuracyHigh(),
            "macro_f1", fixture.macro()[2],
            "weighted_f1", fixture.weighted()[2],
            "matthews_correlation", fixture.matthewsCorrelation(),
            "log_loss", fixture.logLoss(),
            "brier_score", fixture.brierScore(),
            "expected_calibration_error", fixture.expectedCalibrationError());
    expected.forEach((name, value) ->
        assertEquals(value, metrics.getOrDefault(name, Double.NaN), TOLERANCE, name));
  }

  @Test
  void of_twoLabels_namesAreStableAndOrdered() throws IOException {
    assertEquals(
        List.of(
            "count",
            "accuracy",
            "accuracy_low",
            "accuracy_high",
            "precision",
            "recall",
            "f1",
            "macro_precision",
            "macro_recall",
            "macro_f1",
            "weighted_precision",
            "weighted_recall",
            "weighted_f1",
            "matthews_correlation",
            "log_loss",
            "brier_score",
            "expected_calibration_error"),
        List.copyOf(cases().getFirst().result().metrics().keySet()));
  }

  @Test
  void positive_twoLabels_isTheHigherPolarityElseTheSecond() {
    LabelSet positiveFirst = new LabelSet(List.of(Label.of("긍정", 1), Label.of("부정", -1)));
    assertEquals(OptionalInt.of(0), EvaluationResult.positive(positiveFirst));
    assertEquals(OptionalInt.of(1), EvaluationResult.positive(LabelSet.of("긍정", "부정")));
    assertEquals(OptionalInt.empty(), EvaluationResult.positive(LabelSet.of("a", "b", "c")));
  }

  @Test
  void of_equalProbabilities_predictsTheFirst() {
    EvaluationResult result =
        EvaluationResult.of(LabelSet.of("a", "b"), new int[] {0}, new double[][] {{0.5, 0.5}});
    assertEquals(1, result.matrix().count(0, 0));
  }

  @Test
  void of_noRows_isRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> EvaluationResult.of(LabelSet.of("a"), new int[0], new double[0][]));
  }
}
