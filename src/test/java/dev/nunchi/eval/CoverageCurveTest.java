package dev.nunchi.eval;

import static dev.nunchi.eval.ReportFixture.TOLERANCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.eval.ReportFixture.Case;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class CoverageCurveTest {
  static List<Case> cases() throws IOException {
    return ReportFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void area_everyCase_equalsTheFormula(Case fixture) {
    CoverageCurve curve = curve(fixture);
    assertEquals(fixture.coverage().aurc(), curve.area(), TOLERANCE);
    assertEquals(fixture.coverage().eAurc(), curve.excessArea(), TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void at_everyCoverage_equalsTheFormula(Case fixture) {
    CoverageCurve curve = curve(fixture);
    int count = curve.count();
    for (int k = 1; k <= count; k++) {
      CoverageCurve.Point point = curve.at((double) k / count);
      assertEquals((double) k / count, point.coverage(), TOLERANCE);
      assertEquals(fixture.coverage().accuracies()[k - 1], point.accuracy(), TOLERANCE);
      assertEquals(fixture.coverage().thresholds()[k - 1], point.threshold(), TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void coverageAt_wantedAccuracy_equalsTheBestThreshold(Case fixture) {
    CoverageCurve curve = curve(fixture);
    assertEquals(4, fixture.coverage().coverageAt().size());
    for (Map.Entry<Double, Double> each : fixture.coverage().coverageAt().entrySet()) {
      OptionalDouble found = curve.coverageAt(each.getKey());
      if (each.getValue() == null) {
        assertEquals(OptionalDouble.empty(), found);
      } else {
        assertEquals(each.getValue(), found.orElseThrow(), TOLERANCE);
      }
    }
  }

  @Test
  void at_equalConfidence_isTheMeanOverAllOrders() {
    double[] confidences = {0.9, 0.7, 0.7, 0.7, 0.6};
    boolean[] correct = {true, false, true, true, false};
    CoverageCurve curve = CoverageCurve.of(confidences, correct);
    assertEquals(1, curve.at(0.2).accuracy(), TOLERANCE);
    assertEquals(1 - (1.0 / 3) / 2, curve.at(0.4).accuracy(), TOLERANCE);
    assertEquals(1 - (2.0 / 3) / 3, curve.at(0.6).accuracy(), TOLERANCE);
    assertEquals(0.75, curve.at(0.8).accuracy(), TOLERANCE);
    assertEquals(0.6, curve.at(1).accuracy(), TOLERANCE);
    // A threshold takes all of the three or none.
    assertEquals(OptionalDouble.of(0.2), curve.coverageAt(0.8));
  }

  @Test
  void excessArea_rightAnswersFirst_isZero() {
    CoverageCurve curve =
        CoverageCurve.of(new double[] {0.9, 0.8, 0.6}, new boolean[] {true, true, false});
    assertEquals(0, curve.excessArea(), TOLERANCE);
    assertEquals(1.0 / 9, curve.area(), TOLERANCE);
  }

  @Property
  void area_rowsInAnotherOrder_staysTheSame(
      @ForAll @Size(min = 1, max = 30) List<@DoubleRange(min = 0.5, max = 1) Double> scores,
      @ForAll Random random) {
    // Rounded, so that many are equal.
    double[] confidences =
        scores.stream().mapToDouble(score -> Math.round(score * 10) / 10.0).toArray();
    boolean[] correct = new boolean[confidences.length];
    for (int i = 0; i < correct.length; i++) {
      correct[i] = random.nextBoolean();
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, correct.length).boxed().toList());
    Collections.shuffle(order, random);
    boolean[] shuffled = new boolean[correct.length];
    for (int i = 0; i < shuffled.length; i++) {
      shuffled[i] = correct[order.get(i)];
    }
    double[] moved = order.stream().mapToDouble(i -> confidences[i]).toArray();
    CoverageCurve curve = CoverageCurve.of(confidences, correct);
    assertEquals(curve.area(), CoverageCurve.of(moved, shuffled).area(), TOLERANCE);
    assertTrue(curve.excessArea() >= -TOLERANCE, () -> "excess " + curve.excessArea());
  }

  @Test
  void of_noAnswersOrUnequalLengths_isRefused() {
    boolean[] one = {true};
    double[] two = {0.5, 0.6};
    assertThrows(IllegalArgumentException.class, () -> CoverageCurve.of(two, one));
    assertThrows(
        IllegalArgumentException.class, () -> CoverageCurve.of(new double[0], new boolean[0]));
  }

  @Test
  void at_outsideTheCurve_isRefused() {
    CoverageCurve curve = CoverageCurve.of(new double[] {0.9}, new boolean[] {true});
    assertThrows(IllegalArgumentException.class, () -> curve.at(0));
    assertThrows(IllegalArgumentException.class, () -> curve.at(1.01));
    assertThrows(IllegalArgumentException.class, () -> curve.at(Double.NaN));
  }

  private static CoverageCurve curve(Case fixture) {
    return CoverageCurve.of(Answers.of(fixture.actual(), fixture.probabilities()));
  }
}
