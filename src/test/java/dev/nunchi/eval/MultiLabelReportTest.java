package dev.nunchi.eval;

import static dev.nunchi.eval.ReportFixture.TOLERANCE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.LabelSet;
import dev.nunchi.eval.MultiLabelFixture.Case;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class MultiLabelReportTest {
  static List<Case> cases() throws IOException {
    return MultiLabelFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_everyMetric_equalsScikitLearn(Case fixture) {
    Map<String, Double> found = fixture.report().result().metrics();
    assertEquals(List.copyOf(fixture.metrics().keySet()), List.copyOf(found.keySet()));
    fixture
        .metrics()
        .forEach((name, value) ->
            assertEquals(value, found.getOrDefault(name, Double.NaN), TOLERANCE, name));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_everyLabel_equalsScikitLearn(Case fixture) {
    List<BinaryCounts> found = fixture.report().result().counts();
    assertEquals(fixture.labels().length, found.size());
    for (int label = 0; label < found.size(); label++) {
      BinaryCounts counts = found.get(label);
      assertArrayEquals(
          fixture.matrices()[label],
          new long[] {
            counts.trueNegatives(),
            counts.falsePositives(),
            counts.falseNegatives(),
            counts.truePositives()
          });
      assertEquals(fixture.precision()[label], counts.scores().precision(), TOLERANCE);
      assertEquals(fixture.recall()[label], counts.scores().recall(), TOLERANCE);
      assertEquals(fixture.f1()[label], counts.scores().f1(), TOLERANCE);
      assertEquals(fixture.support()[label], counts.scores().support());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_calibrationOverAllPairs_equalsScikitLearn(Case fixture) {
    MultiLabelReport report = fixture.report();
    assertEquals(1, report.before().temperature());
    assertEquals(fixture.temperature(), report.after().temperature());
    CalibrationTest.assertFigures(fixture.before(), report.before());
    CalibrationTest.assertFigures(fixture.after(), report.after());
  }

  @Test
  void of_probabilityOfOneHalf_isPredicted() {
    MultiLabelResult result =
        MultiLabelResult.of(
            LabelSet.of("a", "b"), new boolean[][] {{true, false}}, new double[][] {{0.5, 0.5}});
    assertEquals(new BinaryCounts(0, 0, 0, 1), result.counts().getFirst());
    assertEquals(new BinaryCounts(0, 1, 0, 0), result.counts().getLast());
  }

  @Test
  void of_noRowsOrUnequalShapes_isRefused() {
    LabelSet labels = LabelSet.of("a", "b");
    boolean[][] one = {{true, false}};
    double[][] two = {{0.5, 0.5}, {0.5, 0.5}};
    double[][] narrow = {{0.5}};
    double[][] logits = {{-2, 3}};
    assertThrows(
        IllegalArgumentException.class,
        () -> MultiLabelResult.of(labels, new boolean[0][], new double[0][]));
    assertThrows(IllegalArgumentException.class, () -> MultiLabelResult.of(labels, one, two));
    assertThrows(IllegalArgumentException.class, () -> MultiLabelResult.of(labels, one, narrow));
    assertThrows(IllegalArgumentException.class, () -> MultiLabelResult.of(labels, one, logits));
  }
}
