package dev.nunchi.data;

import dev.nunchi.NunchiException;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The physical lines of a UTF-8 file, strictly decoded.
///
/// A line ends with a line feed and nothing else: a carriage return before it is part of the
/// terminator, any other is an ordinary character. A byte order mark at the start is dropped.
final class Lines implements Closeable {
  static final int LONGEST_LINE_BYTES = 16 << 20;

  private static final char REPLACEMENT = '\uFFFD';
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private final Source source;
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;
  private long number;
  private @Nullable String peeked;
  private @Nullable NunchiException peekedFailure;
  private String damaged = "";
  private boolean broken;

  Lines(Source source, InputStream in) {
    this.source = source;
    this.in = in;
  }

  /// The number of the line that came last, counted from 1.
  long number() {
    return number;
  }

  Source source() {
    return source;
  }

  /// Whether nothing can be read any more. What one line alone is at fault for leaves the lines
  /// after it readable.
  boolean isBroken() {
    return broken;
  }

  /// To be called where what is to be made of the lines cannot go on.
  void breakOff() {
    broken = true;
  }

  /// The line that was refused last, as well as it could be decoded.
  String damaged() {
    return damaged;
  }

  /// The first line without its terminator, which [#next] still gives; null where there is none, or
  /// where it will be refused. Called before any other line is read.
  @Nullable String peek() {
    String first;
    try {
      first = nextWithTerminator();
    } catch (NunchiException e) {
      if (broken) {
        throw e;
      }
      peekedFailure = e;
      return null;
    }
    if (first == null) {
      return null;
    }
    peeked = first;
    number = 0;
    return withoutTerminator(first);
  }

  /// The next line without its terminator; null at the end.
  ///
  /// @throws NunchiException where the line is no UTF-8 or too long, after which the next call
  ///   gives the line behind it, or where nothing can be read any more
  @Nullable String next() {
    String line = nextWithTerminator();
    return line == null ? null : withoutTerminator(line);
  }

  private static String withoutTerminator(String line) {
    if (!line.endsWith("\n")) {
      return line;
    }
    int end = line.length() - 1;
    return line.substring(0, end > 0 && line.charAt(end - 1) == '\r' ? end - 1 : end);
  }

  /// The next line as it stands in the file; null at the end.
  ///
  /// @throws NunchiException as [#next]
  @Nullable String nextWithTerminator() {
    if (peekedFailure != null) {
      NunchiException failure = peekedFailure;
      peekedFailure = null;
      throw failure;
    }
    if (peeked != null) {
      String first = peeked;
      peeked = null;
      number = 1;
      return first;
    }
    try {
      ByteArrayOutputStream carried = null;
      boolean tooLong = false;
      while (true) {
        if (position == limit) {
          position = 0;
          limit = Math.max(in.read(buffer), 0);
          if (limit == 0 && tooLong) {
            throw tooLong();
          }
          if (limit == 0) {
            return carried == null ? null : decode(carried.toByteArray(), 0, carried.size());
          }
        }
        int end = position;
        while (end < limit && buffer[end] != '\n') {
          end++;
        }
        boolean whole = end < limit;
        int start = position;
        position = whole ? end + 1 : end;
        if (whole && carried == null) {
          return decode(buffer, start, position - start);
        }
        if (carried == null) {
          carried = new ByteArrayOutputStream();
        }
        carried.write(buffer, start, position - start);
        if (carried.size() > LONGEST_LINE_BYTES) {
          tooLong = true;
          carried.reset();
        }
        if (whole && tooLong) {
          throw tooLong();
        }
        if (whole) {
          return decode(carried.toByteArray(), 0, carried.size());
        }
      }
    } catch (IOException e) {
      broken = true;
      throw source.unreadable(e, number);
    }
  }

  private NunchiException tooLong() {
    number++;
    damaged = "\n";
    return source.invalid(
        number, "the line is longer than %d MiB".formatted(LONGEST_LINE_BYTES >> 20));
  }

  private String decode(byte[] bytes, int offset, int length) {
    number++;
    String line = new String(bytes, offset, length, StandardCharsets.UTF_8);
    // The lenient decoder is the fast one; it leaves this character where it met an error.
    if (line.indexOf(REPLACEMENT) >= 0) {
      byte[] single = Arrays.copyOfRange(bytes, offset, offset + length);
      if (!EncodingHint.isUtf8(single)) {
        damaged = line;
        throw source.invalid(number, "the bytes are not valid UTF-8" + EncodingHint.of(single));
      }
    }
    if (number == 1 && line.indexOf('\0') >= 0) {
      broken = true;
      byte[] single = Arrays.copyOfRange(bytes, offset, offset + length);
      throw source.invalid(number, "the bytes are not UTF-8 text" + EncodingHint.of(single));
    }
    return number == 1 && line.startsWith(BYTE_ORDER_MARK) ? line.substring(1) : line;
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw source.unreadable(e, number);
    }
  }
}
