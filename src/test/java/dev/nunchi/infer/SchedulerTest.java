package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SchedulerTest {
  private final AtomicLong clock = new AtomicLong(1_000);

  @Test
  void submit_encodings_answersEachWithItsOwnLogits() throws Exception {
    try (Scheduler scheduler = scheduler(FakeBackend.open(), 2, 100)) {
      List<CompletableFuture<Run>> runs =
          IntStream.range(0, 100)
              .mapToObj(id -> scheduler.submit(FakeBackend.encoding(id, 3), Deadline.NONE))
              .toList();
      for (int id = 0; id < runs.size(); id++) {
        assertEquals(id, runs.get(id).get(5, TimeUnit.SECONDS).logits()[0]);
      }
    }
  }

  @Test
  void submit_everyPlaceTaken_refusesAtOnce() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 2)) {
      CompletableFuture<Run> running = submit(scheduler, 1);
      backend.begun.acquire();
      CompletableFuture<Run> second = submit(scheduler, 2);
      CompletableFuture<Run> third = submit(scheduler, 3);
      assertEquals(2, scheduler.waitingCount());
      assertEquals(Reason.OVERLOADED, refusal(scheduler));
      backend.permits.release(3);
      assertEquals(
          List.of(1f, 2f, 3f),
          List.of(running.get().logits()[0], second.get().logits()[0], third.get().logits()[0]));
      backend.permits.release();
      assertEquals(5, submit(scheduler, 5).get().logits()[0]);
    }
  }

  @Test
  void close_withEncodingsWaiting_answersThemAll() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    Scheduler scheduler = scheduler(backend, 2, 50);
    List<CompletableFuture<Run>> runs =
        IntStream.range(0, 40).mapToObj(id -> submit(scheduler, id)).toList();
    CompletableFuture<Void> closed = CompletableFuture.runAsync(scheduler::close);
    while (accepts(scheduler)) {
      Thread.onSpinWait();
    }
    assertFalse(closed.isDone(), "closed while encodings wait");
    backend.permits.release(1000);
    closed.get(5, TimeUnit.SECONDS);
    for (int id = 0; id < runs.size(); id++) {
      assertTrue(runs.get(id).isDone());
      assertEquals(id, runs.get(id).get().logits()[0]);
    }
  }

  @Test
  void submit_afterClose_isRefused() {
    Scheduler scheduler = scheduler(FakeBackend.open(), 1, 1);
    scheduler.close();
    scheduler.close();
    assertEquals(Reason.UNAVAILABLE, refusal(scheduler));
  }

  @Test
  void submit_deadlinePassesWhileItWaits_isNotRun() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 9)) {
      CompletableFuture<Run> running = submit(scheduler, 1);
      backend.begun.acquire();
      Deadline deadline = Deadline.after(Duration.ofNanos(50), clock.get());
      CompletableFuture<Run> late = scheduler.submit(FakeBackend.encoding(2, 1), deadline);
      CompletableFuture<Run> inTime =
          scheduler.submit(
              FakeBackend.encoding(3, 1), Deadline.after(Duration.ofNanos(51), clock.get()));
      clock.addAndGet(50);
      backend.permits.release(3);
      assertEquals(1, running.get().logits()[0]);
      ExecutionException missed = assertThrows(ExecutionException.class, late::get);
      assertEquals(
          Reason.DEADLINE_EXCEEDED,
          assertInstanceOf(NunchiException.class, missed.getCause()).reason());
      assertEquals(3, inTime.get().logits()[0]);
      assertEquals(2, backend.batches.size());
    }
  }

  @Test
  void cancel_beforeItsTurn_isNotRun() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 9)) {
      CompletableFuture<Run> running = submit(scheduler, 1);
      backend.begun.acquire();
      CompletableFuture<Run> cancelled = submit(scheduler, 2);
      CompletableFuture<Run> last = submit(scheduler, 3);
      cancelled.cancel(false);
      backend.permits.release(3);
      running.get();
      last.get();
      assertEquals(2, backend.batches.size());
    }
  }

  @Test
  void submit_backendFails_answersWithItAndLivesOn() throws Exception {
    FakeBackend backend = FakeBackend.open();
    try (Scheduler scheduler = scheduler(backend, 1, 9)) {
      backend.failure = new IllegalStateException("broken");
      ExecutionException failed =
          assertThrows(ExecutionException.class, () -> submit(scheduler, 1).get());
      assertSame(backend.failure, failed.getCause());
      backend.failure = null;
      assertEquals(2, submit(scheduler, 2).get().logits()[0]);
    }
  }

  @Test
  void submit_dependentThatThrows_leavesTheWorkerAlive() throws Exception {
    try (Scheduler scheduler = scheduler(FakeBackend.open(), 1, 9)) {
      CompletableFuture<Run> first = submit(scheduler, 1);
      CompletableFuture<Void> dependent =
          first.thenAccept(_ -> {
            throw new IllegalStateException("dependent");
          });
      assertThrows(ExecutionException.class, dependent::get);
      assertEquals(2, submit(scheduler, 2).get().logits()[0]);
    }
  }

  @Test
  void submit_run_saysHowLongItWaitedAndRan() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 9)) {
      CompletableFuture<Run> first = submit(scheduler, 1);
      backend.begun.acquire();
      CompletableFuture<Run> second = submit(scheduler, 2);
      clock.addAndGet(70);
      backend.permits.release();
      assertEquals(Duration.ofNanos(70), first.get().inferenceDuration());
      backend.begun.acquire();
      clock.addAndGet(5);
      backend.permits.release();
      assertEquals(Duration.ofNanos(70), second.get().queueDuration());
      assertEquals(Duration.ofNanos(5), second.get().inferenceDuration());
    }
  }

  private Scheduler scheduler(FakeBackend backend, int workers, int capacity) {
    return new Scheduler("test", backend, 0, workers, capacity, clock::get);
  }

  private static CompletableFuture<Run> submit(Scheduler scheduler, int id) {
    return scheduler.submit(FakeBackend.encoding(id, 1), Deadline.NONE);
  }

  private static boolean accepts(Scheduler scheduler) {
    try {
      return submit(scheduler, 0) != null;
    } catch (NunchiException e) {
      return e.reason() != Reason.UNAVAILABLE;
    }
  }

  private static Reason refusal(Scheduler scheduler) {
    return assertThrows(NunchiException.class, () -> submit(scheduler, 9)).reason();
  }
}
