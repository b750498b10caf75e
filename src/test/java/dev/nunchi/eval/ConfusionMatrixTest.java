package dev.nunchi.eval;

import static dev.nunchi.eval.MetricsFixture.TOLERANCE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.LabelSet;
import dev.nunchi.eval.MetricsFixture.Case;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ConfusionMatrixTest {
  static List<Case> cases() throws IOException {
    return MetricsFixture.load();
  }

  static Stream<Case> binaryCases() throws IOException {
    return cases().stream().filter(fixture -> fixture.binary() != null);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void count_everyCell_equalsScikitLearn(Case fixture) {
    ConfusionMatrix matrix = fixture.matrix();
    for (int actual = 0; actual < fixture.labels().length; actual++) {
      for (int predicted = 0; predicted < fixture.labels().length; predicted++) {
        assertEquals(fixture.confusionMatrix()[actual][predicted], matrix.count(actual, predicted));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scores_everyLabel_equalsScikitLearn(Case fixture) {
    ConfusionMatrix matrix = fixture.matrix();
    for (int label = 0; label < fixture.labels().length; label++) {
      ClassScores scores = matrix.scores(label);
      assertEquals(fixture.precision()[label], scores.precision(), TOLERANCE);
      assertEquals(fixture.recall()[label], scores.recall(), TOLERANCE);
      assertEquals(fixture.f1()[label], scores.f1(), TOLERANCE);
      assertEquals(fixture.support()[label], scores.support());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void averages_everyKind_equalScikitLearn(Case fixture) {
    ConfusionMatrix matrix = fixture.matrix();
    assertEquals(fixture.accuracy(), matrix.accuracy(), TOLERANCE);
    assertArrayEquals(fixture.micro(), values(matrix.micro()), TOLERANCE);
    assertArrayEquals(fixture.macro(), values(matrix.macro()), TOLERANCE);
    assertArrayEquals(fixture.weighted(), values(matrix.weighted()), TOLERANCE);
    assertEquals(fixture.matthewsCorrelation(), matrix.matthewsCorrelation(), TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("binaryCases")
  void scores_positiveOfTwo_equalsBinaryAverage(Case fixture) {
    assertArrayEquals(
        Objects.requireNonNull(fixture.binary()), values(fixture.matrix().scores(1)), TOLERANCE);
  }

  @Test
  void everyFigure_noRows_isZero() {
    ConfusionMatrix matrix = new ConfusionMatrix(LabelSet.of("부정", "긍정"));
    assertEquals(0, matrix.accuracy());
    assertArrayEquals(new double[3], values(matrix.macro()));
    assertArrayEquals(new double[3], values(matrix.weighted()));
    assertArrayEquals(new double[3], values(matrix.micro()));
    assertEquals(0, matrix.matthewsCorrelation());
  }

  @Test
  void add_indexOutsideTheSet_isRefused() {
    ConfusionMatrix matrix = new ConfusionMatrix(LabelSet.of("부정", "긍정"));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.add(0, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.add(2, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.add(-1, 0));
    assertEquals(0, matrix.total());
  }

  private static double[] values(ClassScores scores) {
    return new double[] {scores.precision(), scores.recall(), scores.f1()};
  }
}
