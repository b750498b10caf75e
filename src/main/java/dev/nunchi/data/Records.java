package dev.nunchi.data;

import java.io.Closeable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The records of one open table, its header line being the first.
sealed interface Records extends Closeable permits TsvRecords, CsvRecords {
  /// The next record; null at the end.
  @Nullable TableRecord next();

  @Override
  void close();

  /// The fields of one record.
  ///
  /// @param line physical line on which the record starts
  /// @param fields empty for a line with nothing in it
  record TableRecord(long line, List<String> fields) {}
}
