package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.ShownText;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.ZipException;

/// A data file as errors name it.
///
/// @param name the path as the caller gave it, or for example `standard input`
record Source(String name) {
  private static final int LONGEST_SHOWN = 40;
  private static final int MOST_SHOWN = 20;

  /// @param line physical line, counted from 1
  NunchiException invalid(long line, String message) {
    return NunchiException.atLine(
        Reason.INVALID_DATA, line, "%s, line %d: %s".formatted(name, line, message));
  }

  NunchiException invalid(String message) {
    return new NunchiException(Reason.INVALID_DATA, "%s: %s".formatted(name, message));
  }

  /// What reading threw, in the user's words.
  ///
  /// @param line the last line that was read whole, 0 before the first
  NunchiException unreadable(IOException cause, long line) {
    String sentence =
        switch (cause) {
          case NoSuchFileException missing -> "there is no such file";
          case ZipException broken -> "the gzip data is broken after line %d".formatted(line);
          case EOFException cut -> "the gzip data ends too early, after line %d".formatted(line);
          default -> "cannot be read (%s)".formatted(cause.getClass().getSimpleName());
        };
    Reason reason =
        cause instanceof ZipException || cause instanceof EOFException
            ? Reason.INVALID_DATA
            : Reason.IO_FAILURE;
    return new NunchiException(reason, "%s: %s".formatted(name, sentence), cause);
  }

  /// Names and labels as a message shows them: a text that stands where a name should is cut.
  static String shown(List<String> names) {
    String all =
        names.stream().limit(MOST_SHOWN).map(Source::shown).collect(Collectors.joining(", "));
    return names.size() > MOST_SHOWN ? all + ", …" : all;
  }

  static String shown(String name) {
    return "'" + plain(name) + "'";
  }

  /// A name in quotes with every character written out that cannot be seen or mistaken for another.
  static String visible(String name) {
    return ShownText.distinctName(name, LONGEST_SHOWN);
  }

  /// Without quotes. Of what is longer than a name is, half of the longest name says which it was.
  static String plain(String name) {
    boolean isName = name.codePointCount(0, name.length()) <= LONGEST_SHOWN;
    return ShownText.name(name, isName ? LONGEST_SHOWN : LONGEST_SHOWN / 2);
  }
}
