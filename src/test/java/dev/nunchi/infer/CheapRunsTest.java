package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How many workers texts have come that cost less than a call, on a clock that stands still unless
/// it is moved.
class CheapRunsTest {
  private static final int WORKERS = 2;
  private static final long MICRO = 1_000;

  private final Queue<Runnable> asked = new ArrayDeque<>();
  private final List<Runnable> bringing = new ArrayList<>();
  private final FakeBackend ngrams = FakeBackend.open();
  private long now;
  private final RunQueue queue =
      new RunQueue(
          asked::add,
          WORKERS,
          1_000,
          () -> now,
          () -> {
            bringing.forEach(Runnable::run);
            bringing.clear();
          });
  private final Scheduler cheap =
      new Scheduler(ngrams, 0, queue, BatchMates.nearlyFree(32, WORKERS));
  private final Scheduler costly = new Scheduler(FakeBackend.open(), 0, queue);

  @Test
  void submit_asManyAsGoIntoARun_asksOneWorker() {
    submit(cheap, 16);
    assertEquals(1, asked.size());
    submit(cheap, 1);
    assertEquals(2, asked.size());
  }

  @Test
  void submit_textsThatCostMoreThanACall_asksAWorkerForEach() {
    submit(costly, 2);
    assertEquals(2, asked.size());
  }

  @Test
  void submit_whileAShortRunGoesOn_isLeftToItsWorker() {
    learn(cheap, 100 * MICRO);
    submit(cheap, 1);
    Batch running = take();
    now += 50 * MICRO;
    submit(cheap, 5);
    assertEquals(0, asked.size());
    finish(running);
    assertEquals(5, take().tickets().size());
  }

  @Test
  void submit_moreThanTheWorkerTakesWhoIsSoonFree_asksAnotherOne() {
    learn(cheap, 100 * MICRO);
    submit(cheap, 1);
    take();
    submit(cheap, 17);
    assertEquals(1, asked.size());
  }

  @Test
  void submit_whileALongRunGoesOn_asksAnotherWorker() {
    learn(costly, 100 * MICRO);
    submit(costly, 1);
    take();
    submit(cheap, 1);
    assertEquals(1, asked.size());
  }

  /// One of many n-grams, and one that takes longer than was expected.
  @ParameterizedTest
  @CsvSource({"2000, 0", "100, 1000"})
  void submit_whileARunGoesOnThatMayTakeAnyTime_asksAnotherWorker(long expected, long since) {
    learn(cheap, expected * MICRO);
    submit(cheap, 1);
    take();
    now += since * MICRO;
    submit(cheap, 1);
    assertEquals(1, asked.size());
  }

  @Test
  void submit_whileARunGoesOnOfWhichNothingIsKnown_asksAnotherWorker() {
    submit(cheap, 1);
    take();
    submit(cheap, 1);
    assertEquals(1, asked.size());
  }

  @Test
  void finish_whileAnotherShortRunGoesOn_takesWhatWasLeftToIt() {
    learn(cheap, 10 * MICRO);
    submit(cheap, 1);
    Batch one = take();
    submit(cheap, 17);
    Batch other = take();
    assertEquals(16, other.tickets().size());
    assertEquals(0, asked.size());
    finish(one);
    assertEquals(1, take().tickets().size());
  }

  @Test
  void handOver_textsThatMakeAFullRun_areNotPutOff() {
    Handover.together(() -> {
      submit(cheap, 17);
      assertEquals(1, asked.size());
    });
    assertEquals(2, asked.size());
  }

  @Test
  void handOver_textsThatComeTogether_areAskedForTogether() {
    Handover.together(() -> {
      submit(cheap, 1);
      assertEquals(0, asked.size());
      // As a whole: what hands in may itself be called so.
      Handover.together(() -> submit(cheap, 1));
      assertEquals(0, asked.size());
    });
    assertEquals(1, asked.size());
    assertEquals(2, take().tickets().size());
  }

  @Test
  void handOver_aTextThatCostsMoreThanACall_isNotPutOff() {
    Handover.together(() -> {
      submit(costly, 1);
      assertEquals(1, asked.size());
    });
  }

  @Test
  void handOver_fails_whatWasHandedInIsRun() {
    try {
      Handover.together(() -> {
        submit(cheap, 1);
        throw new IllegalStateException("broken");
      });
    } catch (IllegalStateException e) {
      assertEquals("broken", e.getMessage());
    }
    assertEquals(1, asked.size());
  }

  @Test
  void handOver_textsThatAreQuicklyRun_areRunByWhoBringsThem() {
    learn(cheap, 10 * MICRO);
    List<CompletableFuture<Run>> runs = new ArrayList<>();
    Handover.together(() -> {
      runs.addAll(cheap.submit(inputs(3), Terms.until(Deadline.NONE)));
      // Not yet: there may be more.
      assertFalse(runs.getFirst().isDone());
    });
    assertEquals(0, asked.size());
    assertEquals(List.of(1, 1, 1), ngrams.batches.getLast());
    assertTrue(runs.stream().allMatch(CompletableFuture::isDone));
  }

  @Test
  void handOver_textsThatWouldKeepWhoBringsThem_areForAWorker() {
    learn(cheap, 100 * MICRO);
    Handover.together(() -> submit(cheap, 3));
    assertEquals(1, asked.size());
    assertEquals(3, take().tickets().size());
  }

  @Test
  void handOver_besideATextThatMayTakeLongToEncode_areForAWorker() {
    learn(cheap, 10 * MICRO);
    Handover.together(() -> {
      submit(cheap, 1);
      CompletableFuture<Run> _ =
          cheap.submit(List.of(FakeBackend.heavy(1, 1)), Terms.until(Deadline.NONE)).getFirst();
    });
    assertEquals(1, asked.size());
    finish(take());
    Handover.together(() -> submit(cheap, 1));
    assertEquals(0, asked.size());
  }

  @Test
  void handOver_besideATextThatCostsMoreThanACall_isForAWorker() {
    learn(cheap, 10 * MICRO);
    learn(costly, 10 * MICRO);
    submit(costly, 1);
    Handover.together(() -> submit(cheap, 1));
    assertEquals(2, asked.size());
    assertEquals(1, ngrams.batches.size());
  }

  @Test
  void handOver_whileAllWorkersAreAtWork_isLeftToThem() {
    learn(cheap, 10 * MICRO);
    submit(costly, 2);
    asked.clear();
    Batch one = Objects.requireNonNull(queue.next());
    Batch _ = Objects.requireNonNull(queue.next());
    Handover.together(() -> submit(cheap, 1));
    assertEquals(0, asked.size());
    assertEquals(1, ngrams.batches.size());
    finish(one);
    assertEquals(1, take().tickets().size());
  }

  @Test
  void handOver_moreThanARunTakes_leavesTheRestToAWorker() {
    learn(cheap, MICRO);
    List<CompletableFuture<Run>> runs = new ArrayList<>();
    Handover.together(() -> runs.addAll(cheap.submit(inputs(40), Terms.until(Deadline.NONE))));
    // Two were asked for full runs at once, and take their parts of what waits.
    assertEquals(2, asked.size());
    while (!asked.isEmpty()) {
      asked.remove().run();
    }
    assertTrue(runs.stream().allMatch(CompletableFuture::isDone));
  }

  @Test
  void work_ngramsAlone_letsThoseGoFirstWhoBringMore() {
    submit(cheap, 1);
    bringing.add(() -> submit(cheap, 2));
    Objects.requireNonNull(asked.poll()).run();
    assertEquals(List.of(List.of(1, 1, 1)), ngrams.batches);
  }

  @Test
  void work_aTextThatCostsMoreThanACall_letsNobodyGoFirst() {
    submit(costly, 1);
    submit(cheap, 1);
    bringing.add(() -> submit(cheap, 2));
    Objects.requireNonNull(asked.poll()).run();
    assertEquals(1, bringing.size());
  }

  @Test
  void run_severalAnswers_areDeliveredWhenAllAreThere() {
    List<String> order = new ArrayList<>();
    List<CompletableFuture<Run>> runs = cheap.submit(inputs(3), Terms.until(Deadline.NONE));
    for (CompletableFuture<Run> run : runs) {
      Futures.whenDone(
          run,
          (_, _) -> {
            order.add("answered");
            Delivery.afterAnswers(() -> order.add("sent"));
          });
    }
    Objects.requireNonNull(asked.poll()).run();
    assertEquals(List.of("answered", "answered", "answered", "sent", "sent", "sent"), order);
    Delivery.afterAnswers(() -> order.add("at once"));
    assertEquals("at once", order.getLast());
  }

  @Test
  void run_oneDeliveryFails_theOthersAreMade() {
    List<String> order = new ArrayList<>();
    Delivery.together(() -> {
      Delivery.afterAnswers(() -> {
        throw new IllegalStateException("no event loop");
      });
      Delivery.afterAnswers(() -> order.add("sent"));
    });
    assertEquals(List.of("sent"), order);
  }

  private void submit(Scheduler model, int texts) {
    List<CompletableFuture<Run>> _ = model.submit(inputs(texts), Terms.until(Deadline.NONE));
  }

  private static List<RunInput> inputs(int texts) {
    return IntStream.range(0, texts).mapToObj(_ -> FakeBackend.input(1, 1)).toList();
  }

  private Batch take() {
    assertEquals(1, asked.size());
    asked.remove();
    return Objects.requireNonNull(queue.next());
  }

  private void finish(Batch batch) {
    batch.run(() -> now);
    queue.done(batch);
  }

  /// Has a text of the model take that long, as the next ones are expected to.
  private void learn(Scheduler model, long nanos) {
    submit(model, 1);
    Batch batch = take();
    now += nanos;
    finish(batch);
  }
}
