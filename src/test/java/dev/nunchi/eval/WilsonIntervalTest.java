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
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class WilsonIntervalTest {
  static List<Case> cases() throws IOException {
    return MetricsFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_countedAnswers_equalsScipy(Case fixture) {
    ConfusionMatrix matrix = fixture.matrix();
    WilsonInterval interval = WilsonInterval.of(matrix.correct(), matrix.total());
    assertEquals(fixture.accuracyLow(), interval.low(), TOLERANCE);
    assertEquals(fixture.accuracyHigh(), interval.high(), TOLERANCE);
  }

  @Property
  void of_anyCounts_holdsTheShare(
      @ForAll @IntRange(min = 0, max = 1000) int successes,
      @ForAll @IntRange(min = 1, max = 1000) int failures) {
    int trials = successes + failures;
    WilsonInterval interval = WilsonInterval.of(successes, trials);
    double share = (double) successes / trials;
    assertTrue(interval.low() >= 0 && interval.low() <= share);
    assertTrue(interval.high() <= 1 && interval.high() >= share);
  }

  /// By the formula of the lower end, 1 - (k + z²/2 + z √(k (1 - k/n) + z²/4)) / (n + z²) with k
  /// failures.
  @Test
  void of_lessConfidence_isNarrower() {
    WilsonInterval interval = WilsonInterval.of(997, 1000, 1);
    assertEquals(1 - (3.5 + Math.sqrt(3 * 0.997 + 0.25)) / 1001, interval.low(), 1e-12);
    assertTrue(interval.low() > WilsonInterval.of(997, 1000).low());
    assertTrue(interval.high() < WilsonInterval.of(997, 1000).high());
  }

  @Test
  void of_impossibleCounts_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> WilsonInterval.of(0, 0));
    assertThrows(IllegalArgumentException.class, () -> WilsonInterval.of(2, 1));
    assertThrows(IllegalArgumentException.class, () -> WilsonInterval.of(-1, 1));
  }
}
