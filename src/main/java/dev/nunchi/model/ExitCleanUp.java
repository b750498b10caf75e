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
  /// Another thread may still write into what is deleted.
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

  /// Deletes everything, the newest first; the process makes nothing more after it.
  public static void run() {
    synchronized (PENDING) {
      ending = true;
      PENDING.forEach(ExitCleanUp::delete);
      PENDING.clear();
    }
  }

  private static void delete(Work deletion) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        deletion.run();
        return;
      } catch (IOException _) {
        try {
          Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
