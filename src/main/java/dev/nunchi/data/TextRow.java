package dev.nunchi.data;

/// What a row of a file gives that is read for its texts alone.
public sealed interface TextRow permits Document, RefusedRow {
  /// Physical line on which the row starts or is at fault, counted from 1.
  long line();
}
