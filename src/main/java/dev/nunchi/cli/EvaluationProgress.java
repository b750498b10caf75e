package dev.nunchi.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Shows how far a classification is: one line that is rewritten on a terminal, nothing elsewhere.
final class EvaluationProgress {
  private static final double NANOS = 1e9;

  private final PrintWriter out;
  private final boolean terminal;
  private final LongSupplier nanoTime;
  private final int total;
  private final long startedAt;

  /// @param nanoTime a clock as [System#nanoTime]
  /// @param total texts, at least 1
  EvaluationProgress(PrintWriter out, boolean terminal, LongSupplier nanoTime, int total) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
    this.total = total;
    this.startedAt = nanoTime.getAsLong();
  }

  /// For a command that runs now.
  static EvaluationProgress of(PrintWriter out, int total) {
    boolean terminal =
        Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    return new EvaluationProgress(out, terminal, System::nanoTime, total);
  }

  /// @param done texts that are classified by now, at least 1
  void advanced(int done) {
    if (!terminal) {
      return;
    }
    double seconds = (nanoTime.getAsLong() - startedAt) / NANOS;
    double perSecond = done / Math.max(seconds, 1e-3);
    long left = (long) Math.ceil((total - done) / perSecond);
    out.print(
        String.format(
            Locale.ROOT,
            "\r\033[K%,d of %,d texts (%d %%)  %,.0f texts/s  %d:%02d:%02d left",
            done,
            total,
            100L * done / total,
            perSecond,
            left / 3600,
            left / 60 % 60,
            left % 60));
    if (done == total) {
      out.println();
    }
    out.flush();
  }
}
