package dev.nunchi.data;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What a set of examples holds, in numbers.
///
/// @param labelCounts rows of each label, by its name
/// @param medianLength of the texts, in code points
/// @param length95 the length that 95 % of the texts do not exceed, in code points
/// @param maxLength of the longest text, in code points
public record DatasetSummary(
    int rows, Map<String, Integer> labelCounts, int medianLength, int length95, int maxLength) {

  /// Counts what `examples` hold.
  ///
  /// @param examples at least one
  public static DatasetSummary of(List<Example> examples) {
    Map<String, Integer> labelCounts = new TreeMap<>();
    examples.forEach(example -> labelCounts.merge(example.label(), 1, Integer::sum));
    int[] lengths =
        examples.stream()
            .mapToInt(example -> example.text().codePointCount(0, example.text().length()))
            .sorted()
            .toArray();
    return new DatasetSummary(
        lengths.length,
        Collections.unmodifiableMap(labelCounts),
        percentile(lengths, 50),
        percentile(lengths, 95),
        percentile(lengths, 100));
  }

  /// By nearest rank: the smallest length that `percent` of the texts do not exceed.
  private static int percentile(int[] sorted, int percent) {
    return sorted[Math.toIntExact(Math.ceilDiv((long) sorted.length * percent, 100L)) - 1];
  }

  /// One line for a terminal, for example `1000 rows (부정 480, 긍정 520), characters: median 28, 95 %
  /// 109, longest 142`.
  public String describe() {
    String counts =
        labelCounts.entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    return "%d rows (%s), characters: median %d, 95 %% %d, longest %d"
        .formatted(rows, counts, medianLength, length95, maxLength);
  }
}
