package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.bench.BareRun;
import java.time.Duration;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadTableTest {
  @ParameterizedTest
  @CsvSource({"1, 8, bare 8", "4, 1, bare 1 x4"})
  void row_bareRun_namesTheBatchAndTheCoresThatShareIt(int cores, int size, String name) {
    Histogram latencies = new Histogram(3);
    latencies.recordValue(2_000_000);
    String row =
        LoadTable.row(
            cores,
            new BareRun.Result(size, 300, Duration.ofSeconds(2), Duration.ofSeconds(3), latencies));
    assertTrue(row.matches(name + " +150 +100 +2\\.00 .*"), row);
  }
}
