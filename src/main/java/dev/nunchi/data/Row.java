package dev.nunchi.data;

import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PlainName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A row with the columns that were asked for.
///
/// @param line physical line on which the row starts, counted from 1
/// @param labels as the file has them; null where labels were not asked for
/// @param context null where none was asked for
record Row(
    long line, String id, String text, @Nullable List<String> labels, @Nullable String context) {
  /// A row after the check that every format shares: with a text, no empty label.
  static Row of(
      Source source,
      long line,
      Columns.Resolved columns,
      @Nullable String id,
      String text,
      @Nullable List<String> labels,
      @Nullable String context) {
    if (columns.label() != null && labels != null && !Normalizer.isEmpty(text)) {
      for (String label : labels) {
        if (PlainName.of(label).isEmpty()) {
          throw source.invalid(
              line,
              "%s label in column %s is empty"
                  .formatted(labels.size() == 1 ? "the" : "a", Source.shown(columns.label())));
        }
      }
    }
    return new Row(line, id == null ? Long.toString(line) : id, text, labels, context);
  }
}
