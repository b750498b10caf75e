package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.eval.MetricsFixture.Case;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
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
    assertEquals(1, fitted / fixture.temperature(), 1e-10);
  }

  @Test
  void fit_overconfidentLogitsTimesAFactor_growsByTheFactor() throws IOException {
    Case fixture = cases().get(3);
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
  void fit_everyAnswerWrong_isTheBound() {
    double[][] logits = {{3, 0}, {0, 3}};
    assertEquals(Temperature.GREATEST, Temperature.fit(new int[] {1, 0}, logits));
  }

  @Test
  void fit_everyAnswerRight_isAsSureAsTheirNumberAllows() {
    for (int rows : new int[] {1, 8, 40}) {
      for (double margin : new double[] {1, 3}) {
        // With 10 texts whose labels are drawn by the scores at 1.
        double sure = (rows + 10 * sigmoid(margin)) / (rows + 10);
        double temperature = Temperature.fit(new int[rows], margins(rows, margin));
        assertEquals(sure, sigmoid(margin / temperature), 1e-9);
      }
    }
  }

  @Test
  void fit_smallMarginsAllRight_isTheBound() {
    assertEquals(Temperature.LEAST, Temperature.fit(new int[4000], margins(4000, 0.1)));
  }

  @Test
  void fit_severalLabelsAllRight_isAsSureAsTheTextsAllow() {
    // Pairs of one text are one text's worth of evidence, so 8 texts of 5 labels are not 40.
    boolean[][] actual = new boolean[8][5];
    double[][] logits = new double[8][5];
    Arrays.stream(logits).forEach(row -> Arrays.fill(row, -1));
    assertEquals(
        Temperature.fit(new int[8], margins(8, 1)), Temperature.fit(actual, logits), 1e-12);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[][] margins(int rows, double margin) {
    return Stream.generate(() -> new double[] {margin, 0}).limit(rows).toArray(double[][]::new);
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
