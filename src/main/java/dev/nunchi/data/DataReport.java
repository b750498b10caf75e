package dev.nunchi.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What splits of labelled texts hold: how many, how long, how balanced, and where a text stands
/// twice, in two splits, or with two labels. It names rows and never holds a text.
///
/// Texts are compared word for word, and by a key that leaves out what does not change the words:
/// Unicode NFKC, case folded, only letters and digits, runs of three or more equal characters cut
/// to two; a text without letters and digits only word for word. Both are compared by 128 bits of
/// SHA-256: the odds that any two of a million different texts are taken for one are 1 to 7·10²⁶.
///
/// @param splits in the order in which they were given
/// @param overlaps every pair of splits: first the second split with the first, then the third with
///   both
public record DataReport(
    List<SplitReport> splits, List<Overlap> overlaps, Contradictions contradictions) {

  /// A number of rows, counted in both ways of comparing.
  ///
  /// @param exact those that are alike word for word
  /// @param normalized those with one key, the exact ones among them
  public record Matches(int exact, int normalized) {}

  /// What two splits share.
  ///
  /// @param rows rows of the second split whose texts stand in the first
  /// @param examples up to three, those alike word for word first
  public record Overlap(String first, String second, Matches rows, List<RowPair> examples) {}

  /// Texts with two labels, in multi-label data with two sets of labels.
  ///
  /// @param rows of all splits, rows whose texts stand somewhere with other labels
  /// @param rowsWithinSplits those whose own split has the text with other labels
  /// @param examples up to three, those alike word for word first
  public record Contradictions(Matches rows, Matches rowsWithinSplits, List<RowPair> examples) {}

  /// Two rows with one text.
  public record RowPair(Place first, Place second) {}

  /// Where a row stands.
  ///
  /// @param row its number within the split, counted from 1
  public record Place(String split, int row, String id, List<String> labels) {}

  private static final int MOST_EXAMPLES = 3;

  public DataReport {
    splits = List.copyOf(splits);
    overlaps = List.copyOf(overlaps);
  }

  /// Counts what `splits` hold; about two seconds for 600,000 short comments.
  ///
  /// @param labels all that a row should have, in the order in which they are reported; others that
  ///   occur come behind them
  /// @param splits the one that is trained on first; lists with fast access by index
  public static DataReport of(LabelSet labels, List<DataSplit> splits) {
    TextIndex exact = new TextIndex(splits, UnaryOperator.identity());
    TextIndex normalized = new TextIndex(splits, CompareKey::of);
    Map<String, Integer> noRows = new LinkedHashMap<>();
    labels.names().forEach(name -> noRows.put(name, 0));
    for (DataSplit split : splits) {
      split.examples().forEach(example -> example.labels().forEach(name -> noRows.put(name, 0)));
    }
    List<SplitReport> reports = new ArrayList<>();
    for (int i = 0; i < splits.size(); i++) {
      reports.add(
          report(
              splits.get(i),
              noRows,
              new Matches(exact.repeatedRows(i), normalized.repeatedRows(i)),
              new Matches(exact.contradictedRows(i), normalized.contradictedRows(i))));
    }
    List<Overlap> overlaps =
        IntStream.range(0, exact.pairs().size())
            .mapToObj(pair -> overlap(splits, exact, normalized, pair))
            .toList();
    Contradictions contradictions =
        new Contradictions(
            new Matches(exact.contradictedRows(), normalized.contradictedRows()),
            new Matches(
                reports.stream().mapToInt(report -> report.contradictedRows().exact()).sum(),
                reports.stream().mapToInt(report -> report.contradictedRows().normalized()).sum()),
            examples(exact.contradictions(), normalized.contradictions()));
    return new DataReport(reports, overlaps, contradictions);
  }

  private static SplitReport report(
      DataSplit split, Map<String, Integer> noRows, Matches repeated, Matches contradicted) {
    List<Example> examples = split.examples();
    Map<String, Integer> labelRows = new LinkedHashMap<>(split.labelled() ? noRows : Map.of());
    int unlabelled = 0;
    int[] characters = new int[examples.size()];
    int row = 0;
    for (Example example : examples) {
      example.labels().forEach(label -> labelRows.merge(label, 1, Integer::sum));
      unlabelled += example.labels().isEmpty() ? 1 : 0;
      characters[row] = example.text().codePointCount(0, example.text().length());
      row++;
    }
    return new SplitReport(
        split.name(),
        examples.size(),
        labelRows,
        unlabelled,
        split.emptyTexts(),
        Lengths.of(characters),
        split.tokenCount() == null
            ? null
            : Lengths.of(IntStream.range(0, examples.size()).map(split.tokenCount()).toArray()),
        split.unknownShare(),
        repeated,
        contradicted);
  }

  private static Overlap overlap(
      List<DataSplit> splits, TextIndex exact, TextIndex normalized, int pair) {
    TextIndex.Pair wordForWord = exact.pairs().get(pair);
    TextIndex.Pair byKey = normalized.pairs().get(pair);
    return new Overlap(
        splits.get(byKey.first()).name(),
        splits.get(byKey.second()).name(),
        new Matches(wordForWord.rows(), byKey.rows()),
        examples(wordForWord.examples(), byKey.examples()));
  }

  private static List<RowPair> examples(List<RowPair> exact, List<RowPair> normalized) {
    return Stream.concat(exact.stream(), normalized.stream())
        .distinct()
        .limit(MOST_EXAMPLES)
        .toList();
  }

  /// What has to be known before training on the first split, a sentence each: texts that two
  /// splits share, texts with two labels, labels that a split lacks or has in fewer than 10 rows, a
  /// label of the first split with over 20 times the rows of another, labels whose names differ in
  /// case alone, many unknown tokens, splits without rows. What a split of unlabelled texts shares
  /// with the first one harms nothing and is only counted.
  public List<String> warnings() {
    return DataWarnings.of(this);
  }

  /// A table for the terminal, a dozen lines for two labels and three splits; ends with a line end.
  public String describe() {
    return DataReportTable.of(this);
  }

  /// Everything that this holds, and the warnings, for `data_report.json`.
  public ObjectNode toJson() {
    return DataReportJson.of(this);
  }
}
