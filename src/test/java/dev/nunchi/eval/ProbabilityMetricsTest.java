package dev.nunchi.eval;

import static dev.nunchi.eval.MetricsFixture.TOLERANCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.eval.MetricsFixture.Case;
import java.io.IOException;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ProbabilityMetricsTest {
  static List<Case> cases() throws IOException {
    return MetricsFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void logLoss_randomProbabilities_equalsScikitLearn(Case fixture) {
    assertEquals(
        fixture.logLoss(),
        ProbabilityMetrics.logLoss(fixture.actual(), fixture.probabilities()),
        TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void brierScore_randomProbabilities_equalsScikitLearn(Case fixture) {
    assertEquals(
        fixture.brierScore(),
        ProbabilityMetrics.brierScore(fixture.actual(), fixture.probabilities()),
        TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void expectedCalibrationError_randomProbabilities_equalsReference(Case fixture) {
    assertEquals(
        fixture.expectedCalibrationError(),
        ProbabilityMetrics.expectedCalibrationError(fixture.actual(), fixture.probabilities()),
        TOLERANCE);
  }

  @Test
  void logLoss_impossibleLabel_isClipped() {
    // log_loss([0], [[0.0, 1.0]], labels=[0, 1]) in scikit-learn
    double[][] probabilities = {{0, 1}};
    assertEquals(
        36.04365338911715, ProbabilityMetrics.logLoss(new int[] {0}, probabilities), TOLERANCE);
  }

  @Test
  void brierScore_twoLabels_isHalvedAndThreeAreNot() {
    assertEquals(
        0.16, ProbabilityMetrics.brierScore(new int[] {1}, new double[][] {{0.4, 0.6}}), TOLERANCE);
    assertEquals(
        0.24,
        ProbabilityMetrics.brierScore(new int[] {1}, new double[][] {{0.2, 0.6, 0.2}}),
        TOLERANCE);
  }

  @Test
  void expectedCalibrationError_certainAnswers_countTheWrongOnes() {
    double[][] probabilities = {{1, 0}, {1, 0}, {0, 1}, {0, 1}};
    int[] actual = {0, 1, 1, 1};
    assertEquals(
        0.25, ProbabilityMetrics.expectedCalibrationError(actual, probabilities), TOLERANCE);
  }

  @Property
  void expectedCalibrationError_anyConfidence_liesInUnitInterval(
      @ForAll @Size(min = 1, max = 40) List<@DoubleRange(min = 0, max = 1) Double> shares) {
    int[] actual = new int[shares.size()];
    double[][] probabilities =
        shares.stream().map(share -> new double[] {share, 1 - share}).toArray(double[][]::new);
    double error = ProbabilityMetrics.expectedCalibrationError(actual, probabilities);
    assertTrue(error >= 0 && error <= 1, () -> "error " + error);
  }

  @Test
  void everyMetric_noRows_isZero() {
    assertEquals(0, ProbabilityMetrics.logLoss(new int[0], new double[0][]));
    assertEquals(0, ProbabilityMetrics.brierScore(new int[0], new double[0][]));
    assertEquals(0, ProbabilityMetrics.expectedCalibrationError(new int[0], new double[0][]));
  }

  @Test
  void everyMetric_unequalLengthsOrNoProbability_isRefused() {
    int[] two = {0, 1};
    double[][] one = {{0.5, 0.5}};
    double[][] logits = {{-1, 2}};
    double[][] notANumber = {{Double.NaN, 0}};
    assertThrows(IllegalArgumentException.class, () -> ProbabilityMetrics.logLoss(two, one));
    assertThrows(
        IllegalArgumentException.class, () -> ProbabilityMetrics.brierScore(new int[] {0}, logits));
    assertThrows(
        IllegalArgumentException.class,
        () -> ProbabilityMetrics.expectedCalibrationError(new int[] {0}, notANumber));
  }
}
