package dev.nunchi.infer;

import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/// Has what the answers of one run set going on other threads be set going together, when the last
/// of them is there: an event loop that is woken for the first would send it by itself.
public final class Delivery {
  private static final Logger LOG = Logger.getLogger(Delivery.class);
  private static final ScopedValue<List<Runnable>> TASKS = ScopedValue.newInstance();

  private Delivery() {}

  /// Does it when all answers of the run are there that this thread answers now; at once where it
  /// answers none.
  ///
  /// @param task short, as it keeps a worker; what it throws is lost, as it is of whatever hangs on
  ///   an answer
  public static void afterAnswers(Runnable task) {
    if (TASKS.isBound()) {
      TASKS.get().add(task);
    } else {
      task.run();
    }
  }

  /// Runs what answers the texts of a run, on this thread.
  public static void together(Runnable answering) {
    List<Runnable> tasks = new ArrayList<>();
    try {
      ScopedValue.where(TASKS, tasks).run(answering);
    } finally {
      tasks.forEach(Delivery::run);
    }
  }

  // Others' answers hang on the tasks after it.
  @SuppressWarnings("CatchThrowable")
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      LOG.error("What hangs on an answer failed", e);
    }
  }
}
