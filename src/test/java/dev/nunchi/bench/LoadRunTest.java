package dev.nunchi.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadRunTest {
  private static final Duration NONE = Duration.ZERO;
  private static final Duration SHORT = Duration.ofMillis(400);

  /// Answers after a time, and counts who waits.
  private static final class Echo implements Target {
    private final long millis;
    private final int texts;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger mostWaiting = new AtomicInteger();
    private final AtomicLong calls = new AtomicLong();

    private Echo(long millis, int texts) {
      this.millis = millis;
      this.texts = texts;
    }

    @Override
    public int textsInCall() {
      return texts;
    }

    @Override
    public CompletableFuture<Void> call(long number) {
      calls.incrementAndGet();
      mostWaiting.accumulateAndGet(waiting.incrementAndGet(), Math::max);
      Executor later = CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS);
      return CompletableFuture.runAsync(waiting::decrementAndGet, later);
    }

    @Override
    public void close() {}
  }

  @Test
  void run_closed_keepsAsManyCallsInFlightAndCountsTheirTexts() {
    Echo echo = new Echo(5, 3);
    LoadResult result = run(echo, new Arrivals.Closed(7), NONE);
    assertEquals(7, echo.mostWaiting.get());
    assertEquals(echo.calls.get(), result.answered());
    assertEquals(3 * result.answered(), result.texts());
    assertTrue(result.answered() >= 7, () -> "answered " + result.answered());
    double median = LoadResult.milliseconds(result.latencies(), 50);
    assertTrue(median >= 5, () -> "median " + median);
  }

  /// Of two kinds of call at once, the one may be the slower one.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void run_callsAreWanted_goesOnBeyondItsTime(boolean open) {
    AtomicInteger ended = new AtomicInteger();
    Arrivals arrivals = open ? new Arrivals.Open(200, 1) : new Arrivals.Closed(2);
    LoadResult result =
        new LoadRun(
                new Echo(5, 1),
                arrivals,
                SHORT,
                Duration.ofMillis(1),
                ended::incrementAndGet,
                () -> ended.get() >= 50,
                () -> ServerUse.UNKNOWN)
            .run();
    assertEquals(ended.get(), result.answered());
    assertTrue(ended.get() >= 50 && ended.get() < 70, () -> ended + " calls");
  }

  /// On two cores, in a Java that is just starting, virtual callers waited for each other for ever.
  @Test
  void run_callers_areNoVirtualThreads() {
    AtomicInteger virtual = new AtomicInteger();
    Target looking =
        target(number -> {
          virtual.addAndGet(Thread.currentThread().isVirtual() ? 1 : 0);
          return new Echo(1, 1).call(number);
        });
    assertTrue(run(looking, new Arrivals.Closed(2), NONE).answered() > 0);
    assertEquals(0, virtual.get());
  }

  @Test
  void run_warmUp_isNotCounted() {
    Echo echo = new Echo(5, 1);
    LoadResult result = run(echo, new Arrivals.Closed(2), SHORT);
    assertTrue(
        result.answered() < echo.calls.get(),
        () -> result.answered() + " of " + echo.calls.get() + " calls");
  }

  /// A server that stalls once for 200 ms has made some forty callers wait, not one.
  @Test
  void run_open_chargesAStallWithAllWhoWouldHaveCome() {
    Target stalling =
        target(number -> {
          if (number == 10) {
            try {
              Thread.sleep(200);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
          return CompletableFuture.completedFuture(null);
        });
    LoadResult result = run(stalling, new Arrivals.Open(200, 1), NONE);
    long late =
        result
            .latencies()
            .getCountBetweenValues(Duration.ofMillis(50).toNanos(), Duration.ofHours(1).toNanos());
    assertTrue(late >= 15, () -> late + " calls were late");
  }

  @Test
  void run_moreCallsInFlightThanAPhaserHolds_awaitsAndCountsThemAll() {
    List<CompletableFuture<Void>> begun = new ArrayList<>();
    Target stalled =
        target(number -> {
          begun.add(new CompletableFuture<>());
          if (begun.size() == 70_000) {
            CompletableFuture.runAsync(
                () -> begun.forEach(call -> call.complete(null)),
                CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS));
          }
          return begun.getLast();
        });
    LoadResult result =
        new LoadRun(
                stalled,
                new Arrivals.Open(10_000_000, 1),
                NONE,
                Duration.ofNanos(1),
                () -> {},
                () -> begun.size() == 70_000,
                () -> ServerUse.UNKNOWN)
            .run();
    assertEquals(70_000, result.answered());
  }

  @Test
  void run_refusedCalls_areCountedByReasonAndNotAsAnswers() {
    Target refusing =
        target(number -> {
          return number % 2 == 0
              ? new Echo(1, 1).call(number)
              : CompletableFuture.failedFuture(new Target.Refused("RESOURCE_EXHAUSTED"));
        });
    LoadResult result = run(refusing, new Arrivals.Closed(1), NONE);
    assertEquals(Map.of("RESOURCE_EXHAUSTED", result.refusals().getTotalCount()), result.refused());
    assertTrue(Math.abs(result.answered() - result.refusals().getTotalCount()) <= 1);
  }

  @Test
  void run_callThatThrows_isCountedAndNotWaitedFor() {
    Target throwing =
        target(number -> {
          if (number == 3) {
            throw new IllegalStateException("of this test");
          }
          return new Echo(1, 1).call(number);
        });
    LoadResult result =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20), () -> run(throwing, new Arrivals.Closed(2), NONE));
    assertEquals(Map.of("IllegalStateException", 1L), result.refused());
  }

  @Test
  void run_server_isMeasuredFromTheEndOfTheWarmUp() {
    AtomicInteger asked = new AtomicInteger();
    LoadResult result =
        new LoadRun(
                new Echo(1, 1),
                new Arrivals.Closed(1),
                NONE,
                SHORT,
                () -> {},
                () -> true,
                () ->
                    new ServerUse(
                        Optional.of(Duration.ofSeconds(2L + asked.getAndIncrement())),
                        OptionalLong.of(7)))
            .run();
    assertEquals(Optional.of(Duration.ofSeconds(1)), result.serverCpu());
    assertEquals(result.texts(), result.textsPerCpuSecond().orElseThrow());
    assertEquals(OptionalLong.of(7), result.residentBytes());
  }

  @Test
  void gaps_open_areAPoissonProcess() {
    LongSupplier gaps = new Arrivals.Open(100, 3).gaps();
    double sum = 0;
    double squares = 0;
    int count = 20_000;
    for (int i = 0; i < count; i++) {
      double seconds = gaps.getAsLong() / 1e9;
      sum += seconds;
      squares += seconds * seconds;
    }
    // Exponential: mean and standard deviation are both 1/rate.
    double mean = sum / count;
    assertEquals(0.01, mean, 0.0003);
    assertEquals(0.01, Math.sqrt(squares / count - mean * mean), 0.0005);
  }

  /// Whose calls are of one text.
  private static Target target(LongFunction<CompletableFuture<Void>> calls) {
    return new Target() {
      @Override
      public int textsInCall() {
        return 1;
      }

      @Override
      public CompletableFuture<Void> call(long number) {
        return calls.apply(number);
      }

      @Override
      public void close() {}
    };
  }

  private static LoadResult run(Target target, Arrivals arrivals, Duration warmUp) {
    return new LoadRun(
            target, arrivals, warmUp, SHORT, () -> {}, () -> true, () -> ServerUse.UNKNOWN)
        .run();
  }
}
