package dev.nunchi.data;

import java.io.Closeable;
import org.jspecify.annotations.Nullable;

/// The rows of one open file, in its order.
///
/// Lines with nothing in them are accepted at the end of a file only: elsewhere the answers to a
/// file's texts would no longer lie beside its lines.
sealed interface Rows extends Closeable permits TableRows, JsonRows, TextRows {
  /// The next row; null at the end.
  ///
  /// @throws dev.nunchi.NunchiException naming file, line and what was expected; where the lines
  ///   are not broken, the next call gives what follows
  @Nullable Row next();

  @Override
  void close();

  /// Opens `lines` as `format`, a file as its first line shows it to be: one of commas may be
  /// parted by tabs, one of texts be a table.
  ///
  /// @param live whether lines come slowly, so that none may wait for the next one
  static Rows open(
      Lines lines,
      DataFormat format,
      Columns columns,
      LabelField labels,
      ReadingNotes notes,
      boolean live) {
    return switch (format) {
      case TSV -> new TableRows(new TsvRecords(lines), lines.source(), columns, labels, live);
      case CSV -> {
        char separator = CsvRecords.separator(lines.peek());
        if (separator != ',') {
          notes.about(
              "its fields are parted by %ss, and it was read so"
                  .formatted(CsvRecords.nameOf(separator)));
        }
        yield new TableRows(
            new CsvRecords(lines, separator), lines.source(), columns, labels, live);
      }
      case JSONL -> new JsonRows(lines, columns, labels, live);
      case TEXT -> {
        if (isTable(lines.peek(), columns, labels)) {
          yield new TableRows(new TsvRecords(lines), lines.source(), columns, labels, live);
        }
        if (labels != LabelField.UNREAD) {
          throw lines
              .source()
              .invalid(
                  "a file of texts alone has no labels, and its first line is no header with tabs");
        }
        if (columns.context() != null) {
          throw lines
              .source()
              .invalid("a file of texts alone has no context, and its first line is no header");
        }
        yield new TextRows(lines, live);
      }
    };
  }

  private static boolean isTable(@Nullable String first, Columns columns, LabelField labels) {
    return first != null
        && first.indexOf('\t') >= 0
        && (labels != LabelField.UNREAD || columns.isHeader(TsvRecords.split(first)));
  }
}
