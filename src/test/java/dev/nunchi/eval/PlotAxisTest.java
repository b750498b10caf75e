package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

final class PlotAxisTest {
  @Test
  void at_bounds_areTheEnds() {
    PlotAxis axis = axis(0.8, 1, 5);
    assertEquals(300, axis.at(0.8), 1e-9);
    assertEquals(20, axis.at(1), 1e-9);
    assertEquals(160, axis.at(0.9), 1e-9);
  }

  @Test
  void tickValues_usualRanges_areRound() {
    assertEquals(List.of("0", "0.2", "0.4", "0.6", "0.8", "1"), names(axis(0, 1, 5)));
    assertEquals(List.of("0", "5e-5", "1e-4", "1.5e-4", "2e-4"), names(axis(0, 2e-4, 5)));
    assertEquals(List.of("0", "500", "1,000", "1,500"), names(axis(0, 1724, 5)));
    assertEquals(List.of("0", "1", "2"), names(axis(-0.5, 2.5, 3)));
  }

  @Test
  void rounded_bounds_moveOutToTicks() {
    PlotAxis axis = axis(0.8312, 0.9999, 5).rounded();
    assertEquals(0.8, axis.low(), 1e-9);
    assertEquals(1, axis.high(), 1e-9);
    assertArrayEquals(new double[] {0.8, 0.85, 0.9, 0.95, 1}, axis.tickValues(), 1e-9);
  }

  @Property
  void tickValues_anyRange_areFewAndInside(
      @ForAll @DoubleRange(min = -1e6, max = 1e6) double low,
      @ForAll @DoubleRange(min = 0.01, max = 1e6) double span) {
    PlotAxis axis = axis(low, low + span, 5);
    double[] ticks = axis.tickValues();
    assertTrue(ticks.length >= 1 && ticks.length <= 6, () -> Arrays.toString(ticks));
    for (double tick : ticks) {
      assertTrue(tick >= low - 1e-6 * span && tick <= low + span * (1 + 1e-6));
    }
  }

  @Test
  void shortest_numbers_areReadable() {
    assertEquals("0", Numbers.shortest(-0.0));
    assertEquals("0.3", Numbers.shortest(0.1 + 0.2));
    assertEquals("-0.25", Numbers.shortest(-0.25));
    assertEquals("20,000", Numbers.shortest(20000));
    assertEquals("100", Numbers.shortest(100));
    assertEquals("3.5e-5", Numbers.shortest(3.5e-5));
  }

  private static List<String> names(PlotAxis axis) {
    return Arrays.stream(axis.tickValues()).mapToObj(Numbers::shortest).toList();
  }

  private static PlotAxis axis(double low, double high, int ticks) {
    return new PlotAxis("value", low, high, 300, 20, ticks, Numbers::shortest);
  }
}
