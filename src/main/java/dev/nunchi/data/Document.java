package dev.nunchi.data;

import org.jspecify.annotations.Nullable;

/// A text without a label, as it comes from a file to be classified.
///
/// @param line physical line on which it starts, counted from 1
/// @param id the row's identifier in its file, or its line number where the file has none
/// @param context what the text is about or answers to; null where none was asked for
public record Document(long line, String id, String text, @Nullable String context)
    implements TextRow {
  /// A document without a context.
  public Document(long line, String id, String text) {
    this(line, id, text, null);
  }
}
