package dev.nunchi.infer;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jboss.logging.Logger;

/// Has texts that a thread hands in one after the other be taken together.
///
/// A worker that is woken for the first one takes it alone, as the others are not there yet. Of
/// texts that cost less than that, those that make no full run wait until all are there; then this
/// thread runs them, or a worker where that would take long. One that is busy, and free meanwhile,
/// takes what has come by then. Full runs, and texts of other models, are not put off.
public final class Handover {
  private static final Logger LOG = Logger.getLogger(Handover.class);
  private static final ScopedValue<Set<RunQueue>> WAITING = ScopedValue.newInstance();

  private Handover() {}

  /// Runs what hands in texts, on this thread: what has been read at once, which takes fractions of
  /// a millisecond. It must not wait for their answers, which may come when it has ended, on this
  /// very thread.
  public static void together(Runnable handingIn) {
    if (isOn()) {
      handingIn.run();
      return;
    }
    Set<RunQueue> waiting = new LinkedHashSet<>(2);
    try {
      ScopedValue.where(WAITING, waiting).run(handingIn);
    } finally {
      waiting.forEach(Handover::handOver);
    }
  }

  // The other queues have to hear of theirs, and whoever handed in is not to blame.
  @SuppressWarnings("CatchThrowable")
  private static void handOver(RunQueue queue) {
    try {
      queue.handedOver();
    } catch (Throwable e) {
      LOG.error("Texts that were handed in together were not run", e);
    }
  }

  /// Whether what this thread hands in now is taken together.
  public static boolean isOn() {
    return WAITING.isBound();
  }

  /// Has a queue told when this thread has handed in all.
  ///
  /// @return false where it hands in one text only, as far as is known
  static boolean later(RunQueue queue) {
    if (!isOn()) {
      return false;
    }
    WAITING.get().add(queue);
    return true;
  }
}
