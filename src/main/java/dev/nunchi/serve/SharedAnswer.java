package dev.nunchi.serve;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What costs something to make, and is the same for all who ask for it at one time.
///
/// It is made once for all who wait for it, and after they asked: nobody reads what was so before
/// his question. Who asks while it is made waits for the next one, and that begins after a rest of
/// nine times what the last one took. So however many ask, making it takes a tenth of one thread;
/// who asks alone waits for nothing else.
///
/// Safe for use by several threads.
final class SharedAnswer<V> {
  private static final int REST_BY_WORK = 9;
  private static final Duration LEAST_REST = Duration.ofMillis(20);

  /// Where it took longer it is the machine that is slow.
  private static final Duration MOST_REST = Duration.ofMillis(250);

  private final Supplier<V> making;
  private final Worker worker;
  private final LongSupplier nanos;

  /// Of those who have asked since one was last begun.
  private @Nullable CompletableFuture<V> awaited;

  private boolean busy;
  private long rested;

  /// Who makes it.
  interface Worker {
    /// Runs a task after that time.
    void run(Runnable task, Duration delay);
  }

  /// @param worker may refuse with a [RejectedExecutionException], and whoever asks has that
  /// @param nanos the clock, as [System#nanoTime]
  SharedAnswer(Supplier<V> making, Worker worker, LongSupplier nanos) {
    this.making = making;
    this.worker = worker;
    this.nanos = nanos;
    this.rested = nanos.getAsLong();
  }

  /// @return completed by a worker; fails with what making it failed with
  CompletableFuture<V> ask() {
    CompletableFuture<V> mine;
    synchronized (this) {
      if (awaited != null) {
        return awaited.copy();
      }
      mine = new CompletableFuture<>();
      awaited = mine;
      if (busy) {
        return mine.copy();
      }
      busy = true;
    }
    begin();
    return mine.copy();
  }

  private void begin() {
    long rest = Math.max(0, rested - nanos.getAsLong());
    try {
      worker.run(this::make, Duration.ofNanos(rest));
    } catch (RejectedExecutionException e) {
      // The server ends.
      CompletableFuture<V> last;
      synchronized (this) {
        last = Objects.requireNonNull(awaited);
        awaited = null;
        busy = false;
      }
      last.completeExceptionally(e);
    }
  }

  private void make() {
    long began = nanos.getAsLong();
    CompletableFuture<V> mine;
    synchronized (this) {
      mine = Objects.requireNonNull(awaited);
      awaited = null;
    }
    try {
      mine.complete(making.get());
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
    }
    boolean again;
    synchronized (this) {
      long now = nanos.getAsLong();
      long rest = REST_BY_WORK * (now - began);
      rested = now + Math.clamp(rest, LEAST_REST.toNanos(), MOST_REST.toNanos());
      again = awaited != null;
      busy = again;
    }
    if (again) {
      begin();
    }
  }
}
