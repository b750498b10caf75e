package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Terms.Urgency;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
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
    try (Scheduler scheduler = scheduler(FakeBackend.open(), 2, 200)) {
      List<CompletableFuture<Run>> runs =
          IntStream.range(0, 100).mapToObj(id -> submit(scheduler, id)).toList();
      for (int id = 0; id < runs.size(); id++) {
        assertEquals(id, runs.get(id).get(20, TimeUnit.SECONDS).logits()[0]);
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
    Scheduler scheduler = scheduler(backend, 2, 100);
    List<CompletableFuture<Run>> runs =
        IntStream.range(0, 40).mapToObj(id -> submit(scheduler, id)).toList();
    CompletableFuture<Void> closed = CompletableFuture.runAsync(scheduler::close);
    while (accepts(scheduler)) {
      Thread.onSpinWait();
    }
    assertFalse(closed.isDone(), "closed while encodings wait");
    backend.permits.release(1000);
    closed.get(20, TimeUnit.SECONDS);
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
      CompletableFuture<Run> late = submit(scheduler, 2, deadline);
      CompletableFuture<Run> inTime =
          submit(scheduler, 3, Deadline.after(Duration.ofNanos(51), clock.get()));
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

  @Test
  void submit_groupLargerThanTheRoom_isRefusedWhole() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 4)) {
      CompletableFuture<Run> running = submit(scheduler, 1);
      backend.begun.acquire();
      List<CompletableFuture<Run>> first =
          scheduler.submit(inputs(2, 3), Terms.until(Deadline.NONE));
      NunchiException refused =
          assertThrows(
              NunchiException.class,
              () -> scheduler.submit(inputs(4, 5, 6), Terms.until(Deadline.NONE)));
      assertEquals(Reason.OVERLOADED, refused.reason());
      assertEquals(2, scheduler.waitingCount());
      List<CompletableFuture<Run>> second = scheduler.submit(inputs(7, 8), of("another"));
      backend.permits.release(5);
      running.get();
      assertEquals(List.of(2f, 3f), firstLogits(Futures.all(first).get()));
      assertEquals(List.of(7f, 8f), firstLogits(Futures.all(second).get()));
    }
  }

  @Test
  void submit_groupThatNeverFits_isRefusedAsInvalid() {
    try (Scheduler scheduler = scheduler(FakeBackend.open(), 1, 4)) {
      NunchiException tooMany =
          assertThrows(
              NunchiException.class,
              () -> scheduler.submit(inputs(1, 2, 3, 4, 5), Terms.until(Deadline.NONE)));
      assertEquals(Reason.INVALID_ARGUMENT, tooMany.reason());
      NunchiException tooManyToWait =
          assertThrows(
              NunchiException.class,
              () -> scheduler.submitWhenFree(inputs(1, 2, 3, 4), Terms.until(Deadline.NONE)));
      assertEquals(Reason.INVALID_ARGUMENT, tooManyToWait.reason());
    }
  }

  @Test
  void submitWhenFree_noPlaces_isAdmittedWhenThereAreAndInOrder() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 4)) {
      CompletableFuture<Run> running = submit(scheduler, 1);
      backend.begun.acquire();
      Admission<List<Run>> first =
          scheduler.submitWhenFree(inputs(2, 3, 4), Terms.until(Deadline.NONE));
      Admission<List<Run>> second =
          scheduler.submitWhenFree(inputs(5, 6), Terms.until(Deadline.NONE));
      Admission<List<Run>> third = scheduler.submitWhenFree(inputs(7), Terms.until(Deadline.NONE));
      assertTrue(first.admitted().isDone());
      assertFalse(second.admitted().isDone());
      assertFalse(third.admitted().isDone(), "it came after one that waits");
      assertEquals(3, scheduler.waitingCount());
      backend.permits.release();
      backend.begun.acquire();
      assertFalse(second.admitted().isDone(), "one of two places");
      backend.permits.release();
      second.admitted().get(20, TimeUnit.SECONDS);
      assertFalse(third.admitted().isDone());
      backend.permits.release(9);
      running.get();
      assertEquals(List.of(2f, 3f, 4f), firstLogits(first.answer().get()));
      assertEquals(List.of(5f, 6f), firstLogits(second.answer().get()));
      assertEquals(List.of(7f), firstLogits(third.answer().get()));
    }
  }

  @Test
  void submitWhenFree_manyWait_leavesAQuarterToThoseWhoDoNot() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 8)) {
      CompletableFuture<Run> running = submit(scheduler, 0);
      backend.begun.acquire();
      List<Admission<List<Run>>> patient =
          IntStream.rangeClosed(1, 20)
              .mapToObj(id -> scheduler.submitWhenFree(inputs(id), Terms.until(Deadline.NONE)))
              .toList();
      assertEquals(6, patient.stream().filter(each -> each.admitted().isDone()).count());
      CompletableFuture<Run> one = scheduler.submit(inputs(50), of("one")).getFirst();
      assertEquals(Reason.OVERLOADED, refusal(scheduler), "who holds the others");
      CompletableFuture<Run> two = scheduler.submit(inputs(51), of("two")).getFirst();
      assertEquals(Reason.OVERLOADED, refusal(scheduler));
      backend.permits.release(100);
      running.get();
      assertEquals(50, one.get().logits()[0]);
      assertEquals(51, two.get().logits()[0]);
      for (int id = 1; id <= 20; id++) {
        assertEquals(List.of((float) id), firstLogits(patient.get(id - 1).answer().get()));
      }
    }
  }

  /// Who comes with few at a time would else keep it out for as long as there are many such.
  @Test
  void submitWhenFree_besideManyWithFew_hasAPlaceOfTheLastQuarter() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 8)) {
      List<CompletableFuture<Run>> few =
          IntStream.range(0, 8)
              .mapToObj(id -> scheduler.submit(inputs(id), of("caller " + id)).getFirst())
              .toList();
      // One runs, and seven wait.
      backend.begun.acquire();
      Admission<List<Run>> first = scheduler.submitWhenFree(inputs(10), of("stream"));
      Admission<List<Run>> second = scheduler.submitWhenFree(inputs(11), of("stream"));
      assertTrue(first.admitted().isDone());
      assertFalse(second.admitted().isDone());
      backend.permits.release(100);
      for (CompletableFuture<Run> each : few) {
        each.get();
      }
      assertEquals(List.of(10f), firstLogits(first.answer().get()));
      assertEquals(List.of(11f), firstLogits(second.answer().get()));
    }
  }

  @Test
  void submitWhenFree_cancelledWhileItWaits_letsTheNextIn() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 4)) {
      CompletableFuture<Run> running = submit(scheduler, 1);
      backend.begun.acquire();
      CompletableFuture<Run> waiting = submit(scheduler, 2);
      Admission<List<Run>> large =
          scheduler.submitWhenFree(inputs(3, 4, 5), Terms.until(Deadline.NONE));
      Admission<List<Run>> small = scheduler.submitWhenFree(inputs(6), Terms.until(Deadline.NONE));
      assertFalse(small.admitted().isDone());
      large.answer().cancel(false);
      assertTrue(large.admitted().isDone());
      assertTrue(small.admitted().isDone());
      backend.permits.release(9);
      running.get();
      waiting.get();
      assertEquals(List.of(6f), firstLogits(small.answer().get()));
      assertEquals(3, backend.batches.size());
    }
  }

  @Test
  void cancel_beforeItsTurn_freesItsPlace() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Scheduler scheduler = scheduler(backend, 1, 1)) {
      CompletableFuture<Run> running = submit(scheduler, 1);
      backend.begun.acquire();
      CompletableFuture<Run> cancelled = submit(scheduler, 2);
      cancelled.cancel(false);
      assertEquals(0, scheduler.waitingCount());
      CompletableFuture<Run> next = submit(scheduler, 3);
      backend.permits.release(2);
      running.get();
      assertEquals(3, next.get().logits()[0]);
    }
  }

  @Test
  void close_whileSomeWaitForAPlace_answersThemToo() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    Scheduler scheduler = scheduler(backend, 2, 2);
    List<Admission<List<Run>>> patient =
        IntStream.range(0, 30)
            .mapToObj(id -> scheduler.submitWhenFree(inputs(id), Terms.until(Deadline.NONE)))
            .toList();
    CompletableFuture<Void> closed = CompletableFuture.runAsync(scheduler::close);
    backend.permits.release(100);
    closed.get(20, TimeUnit.SECONDS);
    for (int id = 0; id < patient.size(); id++) {
      assertEquals(List.of((float) id), firstLogits(patient.get(id).answer().get()));
    }
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () -> scheduler.submitWhenFree(inputs(1), Terms.until(Deadline.NONE)));
    assertEquals(Reason.UNAVAILABLE, refused.reason());
  }

  private Scheduler scheduler(FakeBackend backend, int workers, int capacity) {
    return new Scheduler(
        backend,
        0,
        new RunQueue(
            new Workers(OptionalInt.of(workers), 1).on(InferenceOptions.Device.CPU).executor(),
            workers,
            capacity,
            clock::get,
            () -> {}));
  }

  private static CompletableFuture<Run> submit(Scheduler scheduler, int id) {
    return submit(scheduler, id, Deadline.NONE);
  }

  private static CompletableFuture<Run> submit(Scheduler scheduler, int id, Deadline deadline) {
    return scheduler.submit(inputs(id), Terms.until(deadline)).getFirst();
  }

  private static Terms of(String caller) {
    return new Terms(caller, Urgency.INTERACTIVE, Deadline.NONE);
  }

  private static List<RunInput> inputs(int... ids) {
    return Arrays.stream(ids).mapToObj(id -> FakeBackend.input(id, 1)).toList();
  }

  private static List<Float> firstLogits(List<Run> runs) {
    return runs.stream().map(run -> run.logits()[0]).toList();
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
