package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class DatasetSummaryTest {
  @Test
  void of_hundredLengths_hasPercentilesByNearestRank() {
    List<Example> examples =
        IntStream.rangeClosed(1, 100)
            .mapToObj(n -> new Example("" + n, "😀".repeat(n), n % 4 == 0 ? "부정" : "긍정"))
            .toList();
    DatasetSummary summary = DatasetSummary.of(examples.reversed());
    assertEquals(new DatasetSummary(100, Map.of("부정", 25, "긍정", 75), 50, 95, 100), summary);
    assertEquals(
        "100 rows (긍정 75, 부정 25), characters: median 50, 95 % 95, longest 100", summary.describe());
  }

  @Test
  void of_oneRow_isItsLength() {
    assertEquals(
        new DatasetSummary(1, Map.of("긍정", 1), 2, 2, 2),
        DatasetSummary.of(List.of(new Example("1", "좋다", "긍정"))));
  }
}
