package dev.nunchi.data;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How long texts are.
///
/// Percentiles are by nearest rank: the smallest length that so many of the texts do not exceed.
/// The median is the 50th.
public record Lengths(
    double mean, int median, int percentile90, int percentile95, int percentile99, int longest) {

  /// @param lengths in any order
  /// @return null where there are none
  static @Nullable Lengths of(int[] lengths) {
    if (lengths.length == 0) {
      return null;
    }
    int[] sorted = lengths.clone();
    Arrays.sort(sorted);
    return new Lengths(
        (double) Arrays.stream(sorted).asLongStream().sum() / sorted.length,
        percentile(sorted, 50),
        percentile(sorted, 90),
        percentile(sorted, 95),
        percentile(sorted, 99),
        percentile(sorted, 100));
  }

  private static int percentile(int[] sorted, int percent) {
    return sorted[Math.toIntExact(Math.ceilDiv((long) sorted.length * percent, 100L)) - 1];
  }
}
