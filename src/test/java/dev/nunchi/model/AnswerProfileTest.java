package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerProfileTest {
  @Test
  void range_ofAValue_isThatWhoseEndIsNotBelowIt() {
    List<Double> ends = List.of(0.0, 0.5);
    assertEquals(0, AnswerProfile.range(ends, 0));
    assertEquals(1, AnswerProfile.range(ends, 1e-9));
    assertEquals(1, AnswerProfile.range(ends, 0.5));
    assertEquals(2, AnswerProfile.range(ends, 0.6));
  }

  /// 70 and 30 of a hundred against 50 and 50: 0.2 ln 1.4 + 0.2 ln (5 / 3) = 0.16946.
  @Test
  void stabilityIndex_ofManyTexts_isThatOfTheFormula() {
    long[] expected = {5_000_000, 5_000_000};
    long[] actual = {7_000_000, 3_000_000};
    double index = 0.2 * Math.log(1.4) + 0.2 * Math.log(5.0 / 3);
    assertEquals(index, AnswerProfile.stabilityIndex(expected, actual), 1e-6);
    assertEquals(index, AnswerProfile.stabilityIndex(actual, expected), 1e-6, "either way round");
  }

  @Test
  void stabilityIndex_ofTheSame_isNone() {
    assertEquals(
        0, AnswerProfile.stabilityIndex(new long[] {10, 20, 0}, new long[] {10, 20, 0}), 1e-12);
  }

  @Test
  void stabilityIndex_ofARangeThatIsEmptyInOne_isFinite() {
    double index = AnswerProfile.stabilityIndex(new long[] {1_000, 0}, new long[] {500, 500});
    assertTrue(index > 1 && index < 10, "index: " + index);
  }
}
