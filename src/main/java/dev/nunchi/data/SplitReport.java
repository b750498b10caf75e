package dev.nunchi.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// What one split holds, in numbers.
///
/// @param labelRows rows with each label, in the order of the labels; those that no row has are 0.
///   In multi-label data a row counts under each of its labels; empty of unlabelled texts
/// @param unlabelledRows rows without a label, of multi-label data and of unlabelled texts
/// @param emptyTexts rows that were left out because their text is empty; they are not in `rows`
/// @param characters of the texts, in code points; null where there is no row
/// @param tokens of the texts; null where there is no row or tokens were not counted
/// @param unknownShare share of the tokens that the vocabulary does not have, in [0, 1]; null where
///   tokens were not counted
/// @param repeatedRows rows beyond the first of each text
/// @param contradictedRows rows whose texts this split also has with other labels
public record SplitReport(
    String name,
    int rows,
    Map<String, Integer> labelRows,
    int unlabelledRows,
    long emptyTexts,
    @Nullable Lengths characters,
    @Nullable Lengths tokens,
    @Nullable Double unknownShare,
    DataReport.Matches repeatedRows,
    DataReport.Matches contradictedRows) {

  public SplitReport {
    labelRows = Collections.unmodifiableMap(new LinkedHashMap<>(labelRows));
  }

  /// Whether its texts should have labels.
  boolean isLabelled() {
    return !labelRows.isEmpty();
  }

  /// The share of the rows that has a label, in [0, 1].
  public double share(String label) {
    return rows == 0 ? 0 : (double) labelRows.getOrDefault(label, 0) / rows;
  }

  /// How many times as many rows the most frequent label has as the rarest of those that occur;
  /// empty where none does.
  public OptionalDouble largestToSmallest() {
    List<Integer> counts = labelRows.values().stream().filter(count -> count > 0).toList();
    return counts.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of((double) Collections.max(counts) / Collections.min(counts));
  }
}
