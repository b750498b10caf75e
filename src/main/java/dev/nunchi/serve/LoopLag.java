package dev.nunchi.serve;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// How far an event loop is behind: by how much later than it was asked to it does something.
///
/// What has come lies unread for as long, which nobody can tell of a single call. A loop that is
/// late once has loaded a class, or there was a collection; so what counts is the least of all that
/// was seen for [#INTERVAL_NANOS]: what a queue never gets below does not go by itself (a standing
/// queue, as CoDel calls it, RFC 8289).
///
/// It is measured while something is read, so that an idle loop has no timer. Each event loop has
/// its own, and nobody else uses it.
final class LoopLag {
  static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final FastThreadLocal<LoopLag> OF_THIS_THREAD =
      new FastThreadLocal<>() {
        @Override
        protected LoopLag initialValue() {
          return new LoopLag();
        }
      };

  private boolean asked;
  private long askedLast;

  /// Since [#begun], and in the interval before that.
  private long least;

  private long leastBefore;
  private long begun;

  /// Something has been read: asks the loop for a task soon, unless it has been asked.
  ///
  /// @param loop the event loop of this thread
  static void read(EventExecutor loop) {
    LoopLag lag = OF_THIS_THREAD.get();
    if (!lag.asked) {
      long now = System.nanoTime();
      lag.asked = true;
      if (now - lag.askedLast > INTERVAL_NANOS) {
        // It was idle, and what was before says nothing.
        lag.begin(now, 0);
      }
      Future<?> _ =
          loop.schedule(() -> lag.late(now + PROBE_NANOS), PROBE_NANOS, TimeUnit.NANOSECONDS);
    }
  }

  private void begin(long now, long before) {
    begun = now;
    leastBefore = before;
    least = Long.MAX_VALUE;
  }

  /// It has come to the task.
  ///
  /// @param due when the task was to run
  private void late(long due) {
    long now = System.nanoTime();
    asked = false;
    askedLast = now;
    least = Math.min(least, Math.max(0, now - due));
    if (now - begun > INTERVAL_NANOS) {
      begin(now, least);
    }
  }

  /// By how much the loop of this thread has been late at the least for the last interval, or the
  /// last two, in nanoseconds.
  static long nanos() {
    LoopLag lag = OF_THIS_THREAD.get();
    return Math.min(lag.least, lag.leastBefore);
  }
}
