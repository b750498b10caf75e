package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.eval.MetricsFixture.Case;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class TemperatureTest {
  static List<Case> cases() throws IOException {
    return MetricsFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fit_randomLogits_equalsScipysRoot(Case fixture) {
    double fitted = Temperature.fit(fixture.actual(), fixture.logits());
    assertEquals(1, fitted / fixture.temperature(), 1e-12);
  }

  @Test
  void fit_logitsTimesAFactor_growsByTheFactor() throws IOException {
    Case fixture = cases().getFirst();
    double[][] larger =
        Arrays.stream(fixture.logits())
            .map(row -> Arrays.stream(row).map(logit -> 3 * logit + 7).toArray())
            .toArray(double[][]::new);
    assertEquals(
        3 * Temperature.fit(fixture.actual(), fixture.logits()),
        Temperature.fit(fixture.actual(), larger),
        1e-10);
  }

  @Test
  void fit_severalLabels_hasTheClosedForm() {
    // Of three pairs with logit 10 two have the label: sigmoid(10 / T) = 2 / 3.
    boolean[][] actual = {{true}, {true}, {false}};
    double[][] logits = {{10}, {10}, {10}};
    assertEquals(10 / Math.log(2), Temperature.fit(actual, logits), 1e-12);
  }

  @Test
  void fit_equalLogits_isOne() {
    assertEquals(1, Temperature.fit(new int[] {0, 1}, new double[][] {{2, 2}, {-1, -1}}));
  }

  @Test
  void fit_everyAnswerRightOrWrong_isABound() {
    double[][] logits = {{3, 0}, {0, 3}};
    assertEquals(Temperature.LEAST, Temperature.fit(new int[] {0, 1}, logits));
    assertEquals(Temperature.GREATEST, Temperature.fit(new int[] {1, 0}, logits));
  }

  @Test
  void fit_sameMarginTwoOfThreeRight_hasTheClosedForm() {
    // sigmoid(margin / T) = 2 / 3, so T = margin / log(2); over the bound for a margin of 1000.
    int[] actual = {0, 0, 1};
    double[][] logits = {{10, 0}, {10, 0}, {10, 0}};
    assertEquals(10 / Math.log(2), Temperature.fit(actual, logits), 1e-12);
    double[][] huge = {{1000, 0}, {1000, 0}, {1000, 0}};
    assertEquals(Temperature.GREATEST, Temperature.fit(actual, huge));
  }

  @Test
  void fit_noRowsOrUnequalLengths_isRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> Temperature.fit(new int[0], new double[0][]));
    assertThrows(
        IllegalArgumentException.class,
        () -> Temperature.fit(new int[] {0, 1}, new double[][] {{1, 2}}));
  }
}
