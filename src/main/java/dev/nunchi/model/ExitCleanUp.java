package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/// What lies on disk only while this process works on it, and is to go where the process is told to
/// end in the middle.
///
/// A process that ends by itself has closed everything; [#run] belongs into a shutdown hook.
public final class ExitCleanUp {
  /// Failures in all, as another thread may still write into what is deleted.
  private static final int ATTEMPTS = 50;

  private static final long PAUSE_MILLIS = 10;

  private static final Deque<Work> PENDING = new ArrayDeque<>();
  private static boolean ending;

  /// A change on disk; a deletion may come again, when there is nothing left.
  @FunctionalInterface
  interface Work {
    void run() throws IOException;
  }

  private ExitCleanUp() {}

  /// Makes something that `deletion` is to remove, unless the process is ending.
  static void create(Work creation, Work deletion) throws IOException {
    synchronized (PENDING) {
      undisturbed(creation);
      add(deletion);
    }
  }

  static void add(Work deletion) {
    synchronized (PENDING) {
      PENDING.push(deletion);
    }
  }

  /// Does what the end of the process is to wait for, unless that has come.
  static void undisturbed(Work work) throws IOException {
    synchronized (PENDING) {
      if (ending) {
        throw new NunchiException(Reason.UNAVAILABLE, "The program is ending");
      }
      work.run();
    }
  }

  /// What `deletion` removes is gone, or is to stay.
  static void forget(Work deletion) {
    synchronized (PENDING) {
      PENDING.remove(deletion);
    }
  }

  /// Deletes everything, the newest first; the process makes nothing more after it. What cannot be
  /// deleted is tried again, for half a second in all.
  public static void run() {
    synchronized (PENDING) {
      ending = true;
      int attempts = ATTEMPTS;
      for (Work next = PENDING.peek(); next != null; next = PENDING.peek()) {
        if (isDone(next) || --attempts <= 0) {
          PENDING.pop();
        }
      }
    }
  }

  private static boolean isDone(Work deletion) {
    try {
      deletion.run();
      return true;
    } catch (IOException _) {
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return false;
    }
  }
}
