package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LengthsTest {
  @Test
  void of_hundredInAnyOrder_hasPercentilesByNearestRank() {
    int[] lengths = IntStream.rangeClosed(1, 100).map(n -> 101 - n).toArray();
    assertEquals(new Lengths(50.5, 50, 90, 95, 99, 100), Lengths.of(lengths));
    assertEquals(100, lengths[0]);
  }

  @Test
  void of_few_areTheLongest() {
    assertEquals(new Lengths(7, 7, 7, 7, 7, 7), Lengths.of(new int[] {7}));
    assertEquals(new Lengths(2, 2, 3, 3, 3, 3), Lengths.of(new int[] {3, 1, 2}));
  }

  @Test
  void of_manyLong_hasAMeanBeyondTheRangeOfInt() {
    int[] lengths = new int[3];
    Arrays.fill(lengths, Integer.MAX_VALUE);
    assertEquals(
        new Lengths(
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE),
        Lengths.of(lengths));
  }

  @Test
  void of_none_isNull() {
    assertNull(Lengths.of(new int[0]));
  }
}
