package dev.nunchi.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/// Shows how far a classification is: one line that is rewritten on a terminal, nothing elsewhere.
final class ClassificationProgress {
  /// Shows nothing.
  static final ClassificationProgress NONE =
      new ClassificationProgress(
          new PrintWriter(PrintWriter.nullWriter()), () -> 0, () -> 0, OptionalInt.empty());

  private static final double NANOS = 1e9;

  private final LiveLine live;
  private final LongSupplier nanoTime;
  private final OptionalInt total;
  private final long startedAt;
  private int done;

  /// @param width columns of the terminal, 0 where there is none
  /// @param nanoTime a clock as [System#nanoTime]
  /// @param total texts, where it is known
  ClassificationProgress(
      PrintWriter out, IntSupplier width, LongSupplier nanoTime, OptionalInt total) {
    this.live = new LiveLine(out, width);
    this.nanoTime = nanoTime;
    this.total = total;
    this.startedAt = nanoTime.getAsLong();
  }

  /// For a command that runs now.
  static ClassificationProgress of(PrintWriter out, OptionalInt total) {
    return new ClassificationProgress(
        out, TerminalWidth.ofStandardError(), System::nanoTime, total);
  }

  /// @param texts that were classified since the last call
  void advanced(int texts) {
    done += texts;
    if (!live.isLive()) {
      return;
    }
    double seconds = (nanoTime.getAsLong() - startedAt) / NANOS;
    double perSecond = done / Math.max(seconds, 1e-3);
    ProgressLine line = new ProgressLine();
    if (total.isPresent()) {
      int all = total.getAsInt();
      line.add(0, format("%,d of %,d texts (%d %%)", done, all, 100L * done / all))
          .add(2, format("%,.0f texts/s", perSecond))
          .add(1, ElapsedTime.shown((all - done) / perSecond) + " left");
    } else {
      line.add(0, format("%,d texts", done)).add(1, format("%,.0f texts/s", perSecond));
    }
    live.show(line);
  }

  /// Leaves the last line standing, whether all were classified or not.
  void ended() {
    live.finish();
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
