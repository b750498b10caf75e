package dev.nunchi.cli;

import dev.nunchi.bench.BareRun;
import dev.nunchi.bench.LoadResult;
import dev.nunchi.bench.Protocol;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// What `nunchi bench` prints: a line for each kind of call, and for each size of batch.
final class LoadTable {
  private static final String FORMAT = "%-10s %10s %14s %9s %9s %9s %9s %9s %9s %9s %10s";

  /// The last is the longest of all.
  private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9, 100.0);

  static final String HEADER =
      FORMAT.formatted(
          "kind",
          "texts/s",
          "texts/CPU-s",
          "p50 ms",
          "p90 ms",
          "p99 ms",
          "p99.9 ms",
          "max ms",
          "answered",
          "refused",
          "memory MB");

  static String row(Protocol protocol, int textsInCall, LoadResult result) {
    String name = protocol.name().toLowerCase(Locale.ROOT);
    return line(
        textsInCall == 1 ? name : name + " " + textsInCall,
        result.textsPerSecond(),
        result.textsPerCpuSecond().isPresent()
            ? number(result.textsPerCpuSecond().getAsDouble())
            : "-",
        result.latencies(),
        Long.toString(result.answered()),
        Long.toString(result.refused().values().stream().mapToLong(Long::longValue).sum()),
        result.residentBytes().isPresent()
            ? number(result.residentBytes().getAsLong() / 1e6)
            : "-");
  }

  /// @param cores that shared the work of each batch
  static String row(int cores, BareRun.Result result) {
    String name = "bare " + result.batchSize();
    return line(
        cores == 1 ? name : name + " x" + cores,
        result.textsPerSecond(),
        number(result.textsPerCpuSecond()),
        result.latencies(),
        "-",
        "-",
        "-");
  }

  private static String line(
      String kind,
      double textsPerSecond,
      String textsPerCpuSecond,
      Histogram latencies,
      String answered,
      String refused,
      String memory) {
    String[] times =
        PERCENTILES.stream()
            .map(percentile ->
                String.format(Locale.ROOT, "%.2f", LoadResult.milliseconds(latencies, percentile)))
            .toArray(String[]::new);
    return FORMAT.formatted(
        kind,
        number(textsPerSecond),
        textsPerCpuSecond,
        times[0],
        times[1],
        times[2],
        times[3],
        times[4],
        answered,
        refused,
        memory);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
  }

  private LoadTable() {}
}
