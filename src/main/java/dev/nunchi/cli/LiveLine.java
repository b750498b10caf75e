package dev.nunchi.cli;

import java.io.PrintWriter;
import java.util.function.IntSupplier;

/// A line at the end of standard error that is rewritten in place, and lines that stay above it.
///
/// Plain text without control sequences, so that its length is its width as long as it is ASCII.
final class LiveLine {
  private final PrintWriter out;
  private final IntSupplier width;
  private int length;

  /// @param width columns of the terminal, 0 where there is none
  LiveLine(PrintWriter out, IntSupplier width) {
    this.out = out;
    this.width = width;
  }

  /// Whether there is a line that can be rewritten.
  boolean isLive() {
    return width.getAsInt() > 0;
  }

  /// Shows figures in place of those that were shown before; where there is no terminal, as a line
  /// of their own.
  void show(ProgressLine figures) {
    int columns = width.getAsInt();
    if (columns == 0) {
      print(figures.fit(Integer.MAX_VALUE));
    } else {
      // The last column stays free, where some terminals begin a new line.
      rewrite(figures.fit(Math.max(1, columns - 1)));
    }
  }

  /// A line that stays.
  void print(String text) {
    if (length > 0) {
      rewrite("");
      out.print("\r");
    }
    out.println(text);
  }

  /// Ends the line that is shown, so that it stays.
  void finish() {
    if (length > 0) {
      out.println();
      length = 0;
    }
  }

  /// Spaces wipe out what is left of a longer line.
  private void rewrite(String text) {
    out.print("\r" + text + " ".repeat(Math.max(0, length - text.length())));
    out.flush();
    length = text.length();
  }
}
