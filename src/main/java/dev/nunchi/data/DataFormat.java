package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// How texts lie in a file; the file's name says which, with `.gz` behind it where it is
/// compressed.
public enum DataFormat {
  /// A header line, then one row a line, fields parted by tabs, no quoting and no escaping.
  TSV(".tsv"),
  /// RFC 4180 with a header line; a quoted field may hold commas, quotes and line ends.
  CSV(".csv"),
  /// One JSON object a line.
  JSONL(".jsonl"),
  /// One text a line and nothing else: for texts to classify, never for examples.
  TEXT(".txt");

  static final String GZIP = ".gz";

  private final String extension;

  DataFormat(String extension) {
    this.extension = extension;
  }

  /// The format that a file's name says.
  ///
  /// @throws NunchiException `INVALID_DATA` if the name ends in none of the extensions
  public static DataFormat of(Path file) {
    String name = file.toString();
    String plain = isGzip(file) ? name.substring(0, name.length() - GZIP.length()) : name;
    return Stream.of(values())
        .filter(format -> plain.endsWith(format.extension))
        .findFirst()
        .orElseThrow(() ->
            new NunchiException(
                Reason.INVALID_DATA,
                "%s: a data file ends in .tsv, .csv, .jsonl or .txt, with or without .gz"
                    .formatted(name)));
  }

  static boolean isGzip(Path file) {
    return file.toString().endsWith(GZIP);
  }

  /// Every ending that a file with examples may have.
  static List<String> exampleExtensions() {
    return Arrays.stream(values())
        .filter(format -> format != TEXT)
        .flatMap(format -> Stream.of(format.extension, format.extension + GZIP))
        .toList();
  }
}
