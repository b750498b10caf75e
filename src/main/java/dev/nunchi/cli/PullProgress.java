package dev.nunchi.cli;

import dev.nunchi.hub.PullListener;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/// Shows how far a pull is, in bytes: one line that is rewritten on a terminal, and elsewhere only
/// what begins, what went wrong and what came of it.
final class PullProgress implements PullListener, AutoCloseable {
  private static final double NANOS = 1e9;
  private static final long PAUSE_NANOS = 100_000_000;

  private final PrintWriter out;
  private final LiveLine live;
  private final LongSupplier nanoTime;
  private final long startedAt;
  private String shown = "";
  private long shownAt;
  private long total;
  private long found;
  private long received;
  private long lost;

  /// @param width columns of the terminal, 0 where there is none
  /// @param nanoTime a clock as [System#nanoTime]
  PullProgress(PrintWriter out, IntSupplier width, LongSupplier nanoTime) {
    this.out = out;
    this.live = new LiveLine(out, width);
    this.nanoTime = nanoTime;
    this.startedAt = nanoTime.getAsLong();
    this.shownAt = startedAt - PAUSE_NANOS;
  }

  /// For a pull that begins now.
  static PullProgress of(PrintWriter out) {
    return new PullProgress(out, TerminalWidth.ofStandardError(), System::nanoTime);
  }

  @Override
  public synchronized void planned(String what, long bytes) {
    total = bytes;
    if (!what.equals(shown)) {
      live.print("Pulling " + what);
      shown = what;
    }
  }

  @Override
  public synchronized void found(long bytes) {
    found += bytes;
    show();
  }

  @Override
  public synchronized void received(long bytes) {
    received += bytes;
    show();
  }

  @Override
  public synchronized void lost(long bytes) {
    lost += bytes;
    show();
  }

  @Override
  public synchronized void noted(String sentence) {
    live.print("Note: " + sentence);
  }

  @Override
  public synchronized void ended() {
    shownAt = nanoTime.getAsLong() - PAUSE_NANOS;
    show();
    live.finish();
    out.println(
        format(
            "Pulled %,d bytes in %s; %,d were here",
            received, ElapsedTime.shown(seconds()), found));
    out.flush();
  }

  /// Leaves the last line of a pull that failed standing.
  @Override
  public synchronized void close() {
    live.finish();
  }

  private void show() {
    long now = nanoTime.getAsLong();
    if (!live.isLive() || now - shownAt < PAUSE_NANOS) {
      return;
    }
    shownAt = now;
    long here = found + received - lost;
    double perSecond = received / Math.max(seconds(), 1e-3);
    ProgressLine line =
        new ProgressLine()
            .add(
                0, format("%,d of %,d bytes (%d %%)", here, total, 100 * here / Math.max(total, 1)))
            .add(2, format("%,.1f MB/s", perSecond / 1e6));
    if (perSecond > 0) {
      line.add(1, ElapsedTime.shown(Math.max(0, total - here) / perSecond) + " left");
    }
    live.show(line);
  }

  private double seconds() {
    return (nanoTime.getAsLong() - startedAt) / NANOS;
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
