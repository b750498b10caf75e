package dev.nunchi.serve;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;

/// When an event loop found the bytes that it handles now.
///
/// It looks which sockets have something, then reads one after the other and makes calls of it,
/// then does what else was asked of it. What is read in one turn counts from the turn's first read:
/// the last call of many has waited in the process since then. How long bytes lay in the system's
/// buffers before, while the event loop did something else or had no processor, nobody can tell.
///
/// Each event loop has its own, and nobody else uses it.
final class ReadTurn {
  private static final FastThreadLocal<ReadTurn> OF_THIS_THREAD =
      new FastThreadLocal<>() {
        @Override
        protected ReadTurn initialValue() {
          return new ReadTurn();
        }
      };

  private boolean begun;
  private long at;

  private ReadTurn() {}

  /// Something has been read.
  ///
  /// @param loop the event loop of this thread
  static void read(EventExecutor loop) {
    ReadTurn turn = OF_THIS_THREAD.get();
    if (!turn.begun) {
      turn.begun = true;
      turn.at = System.nanoTime();
      // Runs when all sockets have been read.
      loop.execute(() -> turn.begun = false);
    }
  }

  /// Whether this thread reads sockets now, and sends what it writes when it has.
  static boolean isOn() {
    return OF_THIS_THREAD.get().begun;
  }

  /// When what this thread handles was read, as [System#nanoTime]; now outside a turn.
  static long nanos() {
    ReadTurn turn = OF_THIS_THREAD.get();
    return turn.begun ? turn.at : System.nanoTime();
  }

  /// Handles what was read earlier, and kept.
  static void handle(long readAt, Runnable task) {
    ReadTurn turn = OF_THIS_THREAD.get();
    boolean begun = turn.begun;
    long at = turn.at;
    turn.begun = true;
    turn.at = readAt;
    try {
      task.run();
    } finally {
      turn.begun = begun;
      turn.at = at;
    }
  }
}
