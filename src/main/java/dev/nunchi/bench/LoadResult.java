package dev.nunchi.bench;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import org.HdrHistogram.Histogram;

/// What came of a load, its warm-up left out.
///
/// @param answered calls that were answered
/// @param texts in them
/// @param elapsed from the first call to the end of the last
/// @param latencies of answered calls, in nanoseconds
/// @param refused calls without an answer, by the reason
/// @param refusals latencies of those, in nanoseconds
/// @param serverCpu the server's time on processors meanwhile
/// @param residentBytes the server's memory at the end
public record LoadResult(
    long answered,
    long texts,
    Duration elapsed,
    Histogram latencies,
    SortedMap<String, Long> refused,
    Histogram refusals,
    Optional<Duration> serverCpu,
    OptionalLong residentBytes) {
  public double textsPerSecond() {
    return texts / seconds(elapsed);
  }

  /// Empty where the server's process is not known, or has taken no time that was measured.
  public OptionalDouble textsPerCpuSecond() {
    return serverCpu
        .filter(Duration::isPositive)
        .map(cpu -> OptionalDouble.of(texts / seconds(cpu)))
        .orElse(OptionalDouble.empty());
  }

  /// Milliseconds that this share of the latencies took at most.
  ///
  /// @param percentile in [0, 100]
  public static double milliseconds(Histogram latencies, double percentile) {
    return latencies.getValueAtPercentile(percentile) / 1e6;
  }

  static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
