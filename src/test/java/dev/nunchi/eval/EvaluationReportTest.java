package dev.nunchi.eval;

import static dev.nunchi.eval.ReportFixture.TOLERANCE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.LabelSet;
import dev.nunchi.eval.ReportFixture.Case;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class EvaluationReportTest {
  static List<Case> cases() throws IOException {
    return ReportFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_lengths_equalScipysIntervals(Case fixture) {
    double[][] found =
        fixture.report().lengths().stream()
            .map(bucket ->
                new double[] {
                  bucket.least(),
                  bucket.most(),
                  bucket.count(),
                  bucket.correct(),
                  bucket.interval().low(),
                  bucket.interval().high()
                })
            .toArray(double[][]::new);
    assertRows(fixture.lengths(), found);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_confusedPairs_equalScikitLearnsMatrix(Case fixture) {
    double[][] found =
        fixture.report().confusedPairs().stream()
            .map(pair ->
                new double[] {
                  pair.actual(),
                  pair.predicted(),
                  pair.count(),
                  pair.shareOfActual(),
                  pair.shareOfMistakes()
                })
            .toArray(double[][]::new);
    assertRows(fixture.confusedPairs(), found);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_mistakes_areTheMostConfidentOnes(Case fixture) {
    int[] found =
        fixture.report().mistakes().stream()
            .mapToInt(mistake -> Integer.parseInt(mistake.text().id()))
            .toArray();
    assertArrayEquals(fixture.worst(), found);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_calibration_isAtOneAndAtTheModelsTemperature(Case fixture) {
    EvaluationReport report = fixture.report();
    assertEquals(1, report.before().temperature());
    assertEquals(fixture.temperature(), report.after().temperature());
    CalibrationTest.assertFigures(fixture.before(), report.before());
    CalibrationTest.assertFigures(fixture.after(), report.after());
    assertEquals(
        fixture.after().expectedCalibrationError(),
        report.result().metrics().getOrDefault("expected_calibration_error", Double.NaN),
        TOLERANCE);
  }

  @Test
  void lengthBucket_bounds_arePowersOfTwoAndHalfWayBetween() {
    int[] tokens = {1, 8, 9, 16, 17, 24, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513};
    List<LengthBucket> buckets = LengthBucket.of(tokens, new boolean[tokens.length]);
    assertEquals(
        List.of(8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768),
        buckets.stream().map(LengthBucket::most).toList());
    assertEquals(
        List.of(1, 9, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513),
        buckets.stream().map(LengthBucket::least).toList());
    assertEquals(2, buckets.getFirst().count());
  }

  @Test
  void of_noTextsOrUnequalLengths_isRefused() {
    LabelSet labels = LabelSet.of("a", "b");
    Subject subject = new Subject("m", "r", "d");
    assertThrows(
        IllegalArgumentException.class,
        () -> EvaluationReport.of(subject, labels, List.of(), 1, LearningCurves.NONE));
    assertThrows(
        IllegalArgumentException.class, () -> LengthBucket.of(new int[] {1}, new boolean[0]));
  }

  private static void assertRows(double[][] expected, double[][] found) {
    assertEquals(expected.length, found.length);
    for (int row = 0; row < found.length; row++) {
      assertArrayEquals(expected[row], found[row], TOLERANCE);
    }
  }
}
