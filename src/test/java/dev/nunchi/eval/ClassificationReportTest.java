package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.LabelSet;
import dev.nunchi.eval.MetricsFixture.Case;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ClassificationReportTest {
  static List<Case> cases() throws IOException {
    return MetricsFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_everyNumberOfDigits_isScikitLearnsText(Case fixture) {
    fixture
        .reports()
        .forEach((digits, text) ->
            assertEquals(text, ClassificationReport.of(fixture.matrix(), digits)));
    assertEquals(4, fixture.reports().size());
  }

  @Test
  void of_noDigitsGiven_hasFour() {
    ConfusionMatrix matrix = matrix();
    assertEquals(ClassificationReport.of(matrix, 4), ClassificationReport.of(matrix));
  }

  @Test
  void of_tieInTheLastDigit_roundsToEvenAsPython() {
    // 0.125 and 0.375 are exact in binary: Python prints 0.12 and 0.38.
    ConfusionMatrix matrix = matrix();
    for (int i = 0; i < 8; i++) {
      matrix.add(0, i == 0 ? 0 : 1);
      matrix.add(1, i < 3 ? 1 : 0);
    }
    List<String> lines = ClassificationReport.of(matrix, 2).lines().toList();
    assertEquals("           a       0.17      0.12      0.14         8", lines.get(2));
    assertEquals("           b       0.30      0.38      0.33         8", lines.get(3));
  }

  @Test
  void of_negativeDigits_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> ClassificationReport.of(matrix(), -1));
  }

  private static ConfusionMatrix matrix() {
    return new ConfusionMatrix(LabelSet.of("a", "b"));
  }
}
