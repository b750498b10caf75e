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
  /// @throws dev.nunchi.NunchiException naming file, line and what was expected
  @Nullable Row next();

  @Override
  void close();

  /// Opens `lines` as `format`.
  static Rows open(Lines lines, DataFormat format, Columns columns, LabelField labels) {
    return switch (format) {
      case TSV -> new TableRows(new TsvRecords(lines), lines.source(), columns, labels);
      case CSV -> new TableRows(new CsvRecords(lines), lines.source(), columns, labels);
      case JSONL -> new JsonRows(lines, columns, labels);
      case TEXT -> {
        if (labels != LabelField.UNREAD) {
          throw lines.source().invalid("a file of texts alone has no labels");
        }
        yield new TextRows(lines);
      }
    };
  }
}
