package dev.nunchi.serve;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/// Gives memory that a peak has left back to the system, once the server has little to do.
///
/// Java collects a heap that has grown when it is full, and keeps its size until then; the C
/// library keeps what was freed in it. So a server that was flooded for a moment would stay as
/// large as it was then. Here, when the process has used less than a tenth of a processor for
/// `nunchi.idle-memory-after`, no text waits or is run, and it is larger by [#GROWTH_BYTES] than it
/// was when this last looked and found it small, all is collected and given back. Where that brings
/// nothing, it is tried again only when as much has come to it.
///
/// Java's serial collector gives a heap back in steps, nothing of it with the first collection and
/// all with the fourth, so there are up to four, as long as it stays quiet. Each stops the process
/// for some tens of milliseconds.
@Singleton
final class IdleMemory {
  /// Less is not worth a pause.
  static final long GROWTH_BYTES = 32 << 20;

  static final int MOST_COLLECTIONS = 4;

  /// Looks in which the process has to have done little, one after the other.
  static final int QUIET_LOOKS = 3;

  /// Of one processor.
  private static final int BUSY_PART = 10;

  /// Of what lives in it; Java itself keeps as much free as `-XX:MaxHeapFreeRatio` says, which the
  /// launcher and the image make two fifths.
  private static final int WIDE_HEAP = 2;

  private static final Logger LOG = Logger.getLogger(IdleMemory.class);

  private final Duration after;
  private final Process process;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("nunchi-memory").factory());

  private long lookedAt;
  private long processorNanos;
  private int quietLooks;

  /// After the start there is what the start has left.
  private boolean isKnown;

  private long leastBytes;
  private int collections;
  private volatile boolean isWatching;

  /// What this looks at, and what it does.
  interface Process {
    /// Memory that the system has given to it.
    long residentBytes();

    /// Of the heap, whether it is used or not.
    long heapBytes();

    /// Of the heap, with what no collection has found yet.
    long usedHeapBytes();

    /// Time for which it has kept processors.
    long processorNanos();

    /// Whether a text waits or is run.
    boolean isAtWork();

    /// Collects all that nobody reaches, and gives the system what is free.
    void giveBack();
  }

  @Inject
  IdleMemory(ServeConfig config, ModelRegistry models) {
    this(config.idleMemoryAfter(), new OwnMemory(models));
  }

  /// @param after zero for never
  IdleMemory(Duration after, Process process) {
    this.after = after;
    this.process = process;
  }

  void started(@Observes StartupEvent event) {
    if (!after.isZero()) {
      lookedAt = System.nanoTime();
      processorNanos = process.processorNanos();
      long period = Math.max(1, after.toNanos() / QUIET_LOOKS);
      Future<?> _ = clock.scheduleWithFixedDelay(this::look, period, period, TimeUnit.NANOSECONDS);
      isWatching = true;
    }
  }

  void stop(@Observes ShutdownEvent event) {
    clock.shutdownNow();
  }

  /// From the start on, unless `nunchi.idle-memory-after` is 0.
  boolean isWatching() {
    return isWatching;
  }

  // The clock would never call again.
  @SuppressWarnings("CatchThrowable")
  private void look() {
    try {
      look(System.nanoTime());
    } catch (Throwable e) {
      LOG.error("Memory could not be given back", e);
    }
  }

  /// To be called again and again, by one thread.
  void look(long now) {
    long processor = process.processorNanos();
    boolean isQuiet = (processor - processorNanos) * BUSY_PART < now - lookedAt;
    lookedAt = now;
    processorNanos = processor;
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    if (quietLooks < QUIET_LOOKS || process.isAtWork()) {
      return;
    }
    long resident = process.residentBytes();
    if (collections == 0 && isKnown && resident < leastBytes + GROWTH_BYTES) {
      leastBytes = Math.min(leastBytes, resident);
      return;
    }
    process.giveBack();
    collections++;
    leastBytes = process.residentBytes();
    isKnown = true;
    LOG.debugf("Gave back %d of %d MB", (resident - leastBytes) >> 20, resident >> 20);
    if (collections == MOST_COLLECTIONS
        || process.heapBytes() <= WIDE_HEAP * process.usedHeapBytes()) {
      collections = 0;
    }
  }
}
