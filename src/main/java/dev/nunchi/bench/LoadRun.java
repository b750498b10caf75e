package dev.nunchi.bench;

import java.time.Duration;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SynchronizedHistogram;
import org.jspecify.annotations.Nullable;

/// Puts a target under load for some time, and measures.
///
/// @param warmUp at first, of which nothing is counted
/// @param duration of what is measured: calls that begin in it are counted, and their end awaited
/// @param ended told of each call that has ended, the warm-up's left out
/// @param enough whether no more calls begin once the duration is over
/// @param use asks what the server has taken
public record LoadRun(
    Target target,
    Arrivals arrivals,
    Duration warmUp,
    Duration duration,
    Runnable ended,
    BooleanSupplier enough,
    Supplier<ServerUse> use) {
  /// An hour: longer latencies are counted as that.
  private static final long LONGEST = Duration.ofHours(1).toNanos();

  private static final int DIGITS = 3;

  /// Blocks until the last call has ended.
  public LoadResult run() {
    Counts warming = new Counts();
    AtomicLong numbers = new AtomicLong();
    drive(warming, numbers, warmUp, () -> {}, () -> true);
    Counts counts = new Counts();
    ServerUse before = use.get();
    long start = System.nanoTime();
    drive(counts, numbers, duration, ended, enough);
    Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
    ServerUse after = use.get();
    return new LoadResult(
        counts.latencies.getTotalCount(),
        counts.latencies.getTotalCount() * target.textsInCall(),
        elapsed,
        counts.latencies,
        counts.refusedByReason(),
        counts.refusals,
        after.cpu().flatMap(cpu -> before.cpu().map(cpu::minus)),
        after.residentBytes());
  }

  private void drive(
      Counts counts, AtomicLong numbers, Duration time, Runnable told, BooleanSupplier enough) {
    if (!time.isPositive()) {
      return;
    }
    long end = System.nanoTime() + time.toNanos();
    switch (arrivals) {
      case Arrivals.Closed closed -> {
        Outstanding callers = new Outstanding();
        for (int i = 0; i < closed.callers(); i++) {
          callers.begin();
          // No virtual threads: they hold their carriers while a class is initialized, and where
          // that waits for a lock that is promised to another of them, nobody ever goes on.
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                while (System.nanoTime() < end || !enough.getAsBoolean()) {
                  call(counts, numbers.getAndIncrement(), System.nanoTime(), told, null);
                }
                callers.end();
              });
        }
        callers.awaitAll();
      }
      case Arrivals.Open open -> {
        Outstanding calls = new Outstanding();
        LongSupplier gaps = open.gaps();
        long next = System.nanoTime();
        while (next < end || !enough.getAsBoolean()) {
          for (long now = System.nanoTime(); now < next; now = System.nanoTime()) {
            LockSupport.parkNanos(next - now);
          }
          calls.begin();
          call(counts, numbers.getAndIncrement(), next, told, calls);
          next += gaps.getAsLong();
        }
        calls.awaitAll();
      }
    }
  }

  /// @param from when the call was to begin
  /// @param calls told of its end; null where this is to wait for it
  private void call(
      Counts counts, long number, long from, Runnable told, @Nullable Outstanding calls) {
    var end =
        begin(number)
            .handle((answer, thrown) -> {
              long took = System.nanoTime() - from;
              if (thrown == null) {
                counts.latencies.recordValue(Math.min(took, LONGEST));
              } else {
                counts.refused(thrown, Math.min(took, LONGEST));
              }
              told.run();
              if (calls != null) {
                calls.end();
              }
              return answer;
            });
    if (calls == null) {
      end.join();
    }
  }

  /// A call that cannot even begin counts as one that failed, so that no caller is waited for in
  /// vain.
  private CompletableFuture<Void> begin(long number) {
    try {
      return target.call(number);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /// What has begun and not ended, however many: a [java.util.concurrent.Phaser] has no place for
  /// more than 65,535, which calls at a high rate to a server that stalls soon are.
  private static final class Outstanding {
    /// One more than there are, until that is awaited: so none but the last end makes it 0.
    private final AtomicLong count = new AtomicLong(1);

    private final CompletableFuture<Void> none = new CompletableFuture<>();

    private void begin() {
      count.incrementAndGet();
    }

    private void end() {
      if (count.decrementAndGet() == 0) {
        none.complete(null);
      }
    }

    /// Called once, when no more begin; an interrupt does not end it.
    private void awaitAll() {
      end();
      none.join();
    }
  }

  private static final class Counts {
    private final Histogram latencies = new SynchronizedHistogram(LONGEST, DIGITS);
    private final Histogram refusals = new SynchronizedHistogram(LONGEST, DIGITS);
    private final TreeMap<String, Long> reasons = new TreeMap<>();

    private void refused(Throwable thrown, long took) {
      Throwable cause =
          thrown instanceof CompletionException && thrown.getCause() != null
              ? thrown.getCause()
              : thrown;
      String reason =
          cause instanceof Target.Refused refused
              ? refused.reason()
              : cause.getClass().getSimpleName();
      refusals.recordValue(took);
      synchronized (reasons) {
        reasons.merge(reason, 1L, Long::sum);
      }
    }

    private TreeMap<String, Long> refusedByReason() {
      synchronized (reasons) {
        return new TreeMap<>(reasons);
      }
    }
  }
}
