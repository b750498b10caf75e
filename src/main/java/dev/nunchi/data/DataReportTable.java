package dev.nunchi.data;

import dev.nunchi.data.DataReport.Matches;
import dev.nunchi.data.DataReport.Overlap;
import dev.nunchi.text.TerminalColumns;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A [DataReport] for people: a column for each split, then what the splits share.
final class DataReportTable {
  private static final int MOST_LABELS = 12;
  private static final String GAP = "  ";

  private final DataReport report;
  private final List<List<String>> lines = new ArrayList<>();

  private DataReportTable(DataReport report) {
    this.report = report;
  }

  static String of(DataReport report) {
    DataReportTable table = new DataReportTable(report);
    table.fill();
    return table.aligned() + table.notes();
  }

  private void fill() {
    line("", SplitReport::name);
    line("rows", split -> String.format(Locale.ROOT, "%,d", split.rows()));
    List<String> labels = labels();
    labels.stream()
        .limit(MOST_LABELS)
        .forEach(label -> line(GAP + Source.plain(label), split -> share(split, label)));
    if (labels.size() > MOST_LABELS) {
      line(
          String.format(Locale.ROOT, "  and %d rarer labels", labels.size() - MOST_LABELS),
          split -> "");
    }
    if (report.splits().stream().anyMatch(split -> split.unlabelledRows() > 0)) {
      line("  without a label", split -> String.format(Locale.ROOT, "%,d", split.unlabelledRows()));
    }
    if (report.splits().stream().anyMatch(split -> split.emptyTexts() > 0)) {
      line(
          "  empty texts, left out",
          split -> String.format(Locale.ROOT, "%,d", split.emptyTexts()));
    }
    line(
        "  largest to smallest",
        split ->
            split.largestToSmallest().isPresent()
                ? String.format(Locale.ROOT, "%.1f", split.largestToSmallest().getAsDouble())
                : "-");
    lengths("characters", SplitReport::characters);
    if (report.splits().stream().anyMatch(split -> split.tokens() != null)) {
      lengths("tokens", SplitReport::tokens);
    }
    if (report.splits().stream().anyMatch(split -> split.unknownShare() != null)) {
      line(
          "  unknown to the vocabulary",
          split ->
              split.unknownShare() == null
                  ? "-"
                  : String.format(Locale.ROOT, "%.1f %%", 100 * split.unknownShare()));
    }
    line("repeated texts (word for word)", split -> matches(split.repeatedRows()));
    line("with two labels (word for word)", split -> matches(split.contradictedRows()));
  }

  /// The most frequent of the first split where there are too many, else all in their order.
  private List<String> labels() {
    if (report.splits().isEmpty()) {
      return List.of();
    }
    Map<String, Integer> rows = report.splits().getFirst().labelRows();
    Comparator<String> order = Comparator.comparingInt(label -> -rows.getOrDefault(label, 0));
    return rows.size() > MOST_LABELS
        ? rows.keySet().stream().sorted(order).toList()
        : List.copyOf(rows.keySet());
  }

  private void lengths(String unit, Function<SplitReport, @Nullable Lengths> lengths) {
    line(
        unit + ": mean / median / longest",
        split -> {
          Lengths found = lengths.apply(split);
          return found == null
              ? "-"
              : String.format(
                  Locale.ROOT, "%.1f / %,d / %,d", found.mean(), found.median(), found.longest());
        });
    line(
        "  90 / 95 / 99 % have up to",
        split -> {
          Lengths found = lengths.apply(split);
          return found == null
              ? "-"
              : String.format(
                  Locale.ROOT,
                  "%,d / %,d / %,d",
                  found.percentile90(),
                  found.percentile95(),
                  found.percentile99());
        });
  }

  private void line(String name, Function<SplitReport, String> cell) {
    List<String> cells = new ArrayList<>(List.of(name));
    report.splits().forEach(split -> cells.add(cell.apply(split)));
    lines.add(cells);
  }

  private static String share(SplitReport split, String label) {
    return String.format(
        Locale.ROOT,
        "%,d  %5.1f %%",
        split.labelRows().getOrDefault(label, 0),
        100 * split.share(label));
  }

  private static String matches(Matches matches) {
    return String.format(Locale.ROOT, "%,d (%,d)", matches.normalized(), matches.exact());
  }

  private String aligned() {
    int[] widths = new int[lines.getFirst().size()];
    for (List<String> cells : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], TerminalColumns.of(cells.get(i)));
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> cells : lines) {
      StringBuilder line = new StringBuilder(cells.getFirst());
      line.append(" ".repeat(widths[0] - TerminalColumns.of(cells.getFirst())));
      for (int i = 1; i < widths.length; i++) {
        line.append(GAP)
            .append(" ".repeat(widths[i] - TerminalColumns.of(cells.get(i))))
            .append(cells.get(i));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private String notes() {
    StringBuilder notes = new StringBuilder();
    for (Overlap overlap : report.overlaps()) {
      notes
          .append("rows of %s with a text of %s: ".formatted(overlap.second(), overlap.first()))
          .append(matches(overlap.rows()))
          .append('\n');
    }
    if (report.splits().size() > 1) {
      notes
          .append("rows with two labels in all: ")
          .append(matches(report.contradictions().rows()))
          .append('\n');
    }
    return notes
        .append("Case, spaces, punctuation and long runs of a character do not count;")
        .append(" in brackets they do.\n")
        .toString();
  }
}
