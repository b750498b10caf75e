package dev.nunchi.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.nunchi.NunchiException;
import java.io.Reader;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// RFC 4180 through FastCSV, over strictly decoded lines; the fields may be parted by another
/// character than the comma.
final class CsvRecords implements Records {
  private final Lines lines;
  private final char separator;
  private final QuoteTrackingReader reader;
  private final Iterator<CsvRecord> records;
  private long nextLine = 1;

  CsvRecords(Lines lines, char separator) {
    this.lines = lines;
    this.separator = separator;
    this.reader = new QuoteTrackingReader(lines, separator);
    this.records =
        CsvReader.builder()
            .fieldSeparator(separator)
            .skipEmptyLines(false)
            .allowExtraFields(true)
            .allowMissingFields(true)
            // The reader finds them, and the rows after them can be read.
            .allowExtraCharsAfterClosingQuote(true)
            .ofCsvRecord(reader)
            .iterator();
  }

  @Override
  public @Nullable TableRecord next() {
    try {
      if (!records.hasNext()) {
        return null;
      }
      CsvRecord record = records.next();
      List<String> fields = record.getFields().stream().map(QuoteTrackingReader::restored).toList();
      nextLine =
          record.getStartingLineNumber()
              + 1
              + fields.stream().mapToLong(CsvRecords::lineEnds).sum();
      NunchiException fault = reader.faultBefore(nextLine);
      if (fault != null) {
        throw fault;
      }
      if (reader.isQuoteOpen() && !records.hasNext()) {
        throw lines
            .source()
            .invalid(reader.openLine(), "a quoted field starts here that is never closed");
      }
      boolean empty = fields.isEmpty() || (fields.size() == 1 && fields.getFirst().isEmpty());
      return new TableRecord(record.getStartingLineNumber(), empty ? List.of() : fields);
    } catch (CsvParseException e) {
      lines.breakOff();
      // FastCSV wraps what its reader throws.
      if (e.getCause() instanceof NunchiException cause) {
        throw cause;
      }
      throw notRfc4180(lines.source(), nextLine, separator);
    }
  }

  private static NunchiException notRfc4180(Source source, long line, char separator) {
    return source.invalid(
        line,
        "not RFC 4180: after the quote that closes a field comes a %s or the line's end,"
                .formatted(nameOf(separator))
            + " a quote inside it is doubled, and it has at most 16 Mi characters");
  }

  /// What parts the fields of a file: a tab or a semicolon where its header has one and no comma,
  /// as spreadsheets write it where the comma is the decimal point.
  static char separator(@Nullable String header) {
    if (header == null || header.indexOf(',') >= 0) {
      return ',';
    }
    if (header.indexOf('\t') >= 0) {
      return '\t';
    }
    return header.indexOf(';') >= 0 ? ';' : ',';
  }

  static String nameOf(char separator) {
    return switch (separator) {
      case '\t' -> "tab";
      case ';' -> "semicolon";
      default -> "comma";
    };
  }

  private static long lineEnds(String field) {
    return field.chars().filter(c -> c == '\n').count();
  }

  @Override
  public void close() {
    lines.close();
  }

  /// The lines as characters for FastCSV, which takes a quoted field that the file's end cuts for a
  /// whole one; so this watches the quotes.
  ///
  /// A carriage return alone in a quoted field is hidden from FastCSV: it would count a line there,
  /// which it is not to [Lines], and take the line feed after the closing quote for its other half,
  /// so that this row and the next became one.
  private static final class QuoteTrackingReader extends Reader {
    /// Half of a surrogate pair, which by itself is in no text that was UTF-8.
    private static final char HIDDEN = '\uDC00';

    private final Lines lines;
    private final char separator;
    private String line = "";
    private int position;
    private boolean fieldStarts = true;
    private boolean quoted;
    private boolean open;
    private long openLine;
    private final NavigableMap<Long, NunchiException> faults = new TreeMap<>();

    QuoteTrackingReader(Lines lines, char separator) {
      this.lines = lines;
      this.separator = separator;
    }

    boolean isQuoteOpen() {
      return open;
    }

    long openLine() {
      return openLine;
    }

    /// A field as it stands in the file.
    static String restored(String field) {
      return field.indexOf(HIDDEN) < 0
          ? field
          // Where it ends a pair it is a part of another code point.
          : field
              .codePoints()
              .map(c -> c == HIDDEN ? '\r' : c)
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString();
    }

    /// What was at fault in lines before that one; forgets it.
    @Nullable NunchiException faultBefore(long line) {
      NavigableMap<Long, NunchiException> before = faults.headMap(line, false);
      NunchiException first = before.isEmpty() ? null : before.firstEntry().getValue();
      before.clear();
      return first;
    }

    /// A line that is at fault still parts the records around it.
    private @Nullable String nextLine() {
      try {
        return lines.nextWithTerminator();
      } catch (NunchiException e) {
        if (lines.isBroken()) {
          throw e;
        }
        faults.put(lines.number(), e);
        return lines.damaged();
      }
    }

    @Override
    public int read(char[] target, int offset, int length) {
      if (position == line.length()) {
        String next = nextLine();
        if (next == null) {
          return -1;
        }
        line = track(next);
        position = 0;
      }
      int count = Math.min(length, line.length() - position);
      line.getChars(position, position + count, target, offset);
      position += count;
      return count;
    }

    /// The line as FastCSV is to see it.
    private String track(String text) {
      StringBuilder seen = null;
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (open && c == '\r' && !text.startsWith("\n", i + 1)) {
          seen = seen == null ? new StringBuilder(text) : seen;
          seen.setCharAt(i, HIDDEN);
        }
        if (fieldStarts && c == '"') {
          quoted = true;
          open = true;
          openLine = lines.number();
          fieldStarts = false;
        } else if (quoted && c == '"') {
          // A doubled quote closes and opens again.
          open = !open;
        } else if (!open && (c == separator || c == '\n' || c == '\r')) {
          fieldStarts = true;
          quoted = false;
        } else if (quoted && !open) {
          faults.putIfAbsent(lines.number(), notRfc4180(lines.source(), lines.number(), separator));
          quoted = false;
        } else {
          fieldStarts = false;
        }
      }
      return seen == null ? text : seen.toString();
    }

    @Override
    public void close() {
      lines.close();
    }
  }
}
