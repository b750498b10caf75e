package dev.nunchi.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A row with the columns that were asked for.
///
/// @param line physical line on which the row starts, counted from 1
/// @param labels as the file has them; null where labels were not asked for
record Row(long line, String id, String text, @Nullable List<String> labels) {
  /// A row after the checks that every format shares: no blank text, no blank label.
  static Row of(
      Source source,
      long line,
      Columns.Resolved columns,
      @Nullable String id,
      String text,
      @Nullable List<String> labels) {
    if (text.isBlank()) {
      throw source.invalid(
          line, "the text in column %s is empty".formatted(Source.shown(columns.text())));
    }
    if (columns.label() != null && labels != null) {
      for (String label : labels) {
        if (label.isBlank()) {
          throw source.invalid(
              line,
              "%s label in column %s is empty"
                  .formatted(labels.size() == 1 ? "the" : "a", Source.shown(columns.label())));
        }
      }
    }
    return new Row(line, id == null ? Long.toString(line) : id, text, labels);
  }
}
