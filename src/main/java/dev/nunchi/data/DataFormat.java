package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// How texts lie in a file; the end of the file's name says which, in capitals or not, with `.gz`
/// behind it where it is compressed.
public enum DataFormat {
  /// A header line, then one row a line, fields parted by tabs, no quoting and no escaping.
  TSV(".tsv"),
  /// RFC 4180 with a header line; a quoted field may hold commas, quotes and line ends.
  CSV(".csv"),
  /// One JSON object a line.
  JSONL(".jsonl"),
  /// One text a line and nothing else; or a table as [#TSV], where the first line is its header, as
  /// NSMC is published.
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
    return find(file)
        .orElseThrow(() ->
            new NunchiException(
                Reason.INVALID_DATA,
                "%s: a data file ends in .tsv, .csv, .jsonl or .txt, with or without .gz%s"
                    .formatted(file, hint(plainName(file)))));
  }

  /// The format that a file's name says; empty where it says none.
  static Optional<DataFormat> find(Path file) {
    String plain = plainName(file);
    return Stream.of(values()).filter(format -> plain.endsWith(format.extension)).findFirst();
  }

  /// What a user does with a file of another kind.
  private static String hint(String plain) {
    return switch (plain.substring(plain.lastIndexOf('.') + 1)) {
      case "json" ->
          "; one with a JSON object a line is to end in .jsonl, and of an array"
              + " jq -c '.[]' IN > OUT.jsonl makes such lines";
      case "xlsx", "xls", "ods" -> "; spreadsheets save as 'CSV UTF-8'";
      case "parquet", "arrow", "feather" ->
          "; pandas writes it as such with"
              + " to_json('OUT.jsonl', orient='records', lines=True, force_ascii=False)";
      case "zip", "xz", "bz2", "zst" -> "; unpack it first";
      default -> "";
    };
  }

  static boolean isGzip(Path file) {
    return lowerName(file).endsWith(GZIP);
  }

  /// The file's name in small letters without `.gz`.
  static String plainName(Path file) {
    String name = lowerName(file);
    return isGzip(file) ? name.substring(0, name.length() - GZIP.length()) : name;
  }

  private static String lowerName(Path file) {
    return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
  }

  /// Every ending that a file with examples has of its own; a `.txt` is one by its content.
  static List<String> exampleExtensions() {
    return Arrays.stream(values())
        .filter(format -> format != TEXT)
        .flatMap(format -> Stream.of(format.extension, format.extension + GZIP))
        .toList();
  }
}
