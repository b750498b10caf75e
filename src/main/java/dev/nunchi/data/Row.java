package dev.nunchi.data;

import org.jspecify.annotations.Nullable;

/// A row with the columns that were asked for.
///
/// @param line physical line on which the row starts, counted from 1
/// @param label null where labels were not asked for
record Row(long line, String id, String text, @Nullable String label) {
  /// A row after the checks that every format shares: no blank text, no blank label.
  static Row of(
      Source source,
      long line,
      Columns.Resolved columns,
      @Nullable String id,
      String text,
      @Nullable String label) {
    if (text.isBlank()) {
      throw source.invalid(
          line, "the text in column %s is empty".formatted(Source.shown(columns.text())));
    }
    if (columns.label() != null && label != null && label.isBlank()) {
      throw source.invalid(
          line, "the label in column %s is empty".formatted(Source.shown(columns.label())));
    }
    return new Row(line, id == null ? Long.toString(line) : id, text, label);
  }
}
