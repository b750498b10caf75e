package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Terms.Urgency;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What a queue guarantees, under orders of events that are drawn by a seed.
@Timeout(20)
class RunQueueTest {
  private static final int CAPACITY = 16;
  private static final int WORKERS = 3;

  private static final class Interleaving {
    private final Random random;
    private final Queue<Runnable> asked = new ArrayDeque<>();
    private final RunQueue queue;
    private final List<Scheduler> models = new ArrayList<>();
    private final List<Batch> running = new ArrayList<>();
    private final List<CompletableFuture<?>> accepted = new ArrayList<>();
    private long now;
    private int ran;

    Interleaving(long seed) {
      random = new Random(seed);
      now = random.nextLong();
      queue = new RunQueue(asked::add, WORKERS, CAPACITY, () -> now, () -> {});
      BatchMates mates =
          new BatchMates(
              (texts, pad, rows) -> rows.getFirst().logits(texts, pad), 1 + random.nextInt(4), 2);
      for (int i = 0; i < 2; i++) {
        models.add(new Scheduler(FakeBackend.open(), 0, queue, mates));
      }
      models.add(new Scheduler(FakeBackend.open(), 0, queue));
      models.add(
          new Scheduler(
              FakeBackend.open(), 0, queue, BatchMates.nearlyFree(1 + random.nextInt(8), WORKERS)));
    }

    void step() {
      now += random.nextInt(3_000_000);
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> submit();
        case 3 -> submitWhenFree();
        case 4 -> {
          if (!accepted.isEmpty()) {
            accepted.get(random.nextInt(accepted.size())).cancel(false);
          }
        }
        case 5, 6 -> take();
        default -> finish();
      }
      assertTrue(running.size() + asked.size() <= WORKERS);
      assertTrue(models.stream().mapToInt(Scheduler::waitingCount).sum() <= CAPACITY);
    }

    private void submit() {
      try {
        accepted.addAll(any().submit(inputs(), terms()));
      } catch (NunchiException e) {
        assertTrue(Set.of(Reason.OVERLOADED, Reason.DEADLINE_EXCEEDED).contains(e.reason()));
      }
    }

    private void submitWhenFree() {
      accepted.add(any().submitWhenFree(inputs(), terms()).answer());
    }

    private void take() {
      if (asked.poll() != null) {
        Batch batch = queue.next();
        if (batch != null) {
          for (Ticket ticket : batch.tickets()) {
            assertTrue(!ticket.terms().deadline().passed(now), "run after its deadline");
          }
          ran += batch.tickets().size();
          running.add(batch);
        }
      }
    }

    private void finish() {
      if (!running.isEmpty()) {
        Batch batch = running.remove(random.nextInt(running.size()));
        batch.run(() -> now);
        queue.done(batch);
      }
    }

    void end() {
      while (!asked.isEmpty() || !running.isEmpty()) {
        now += 1_000_000;
        take();
        finish();
      }
    }

    private Scheduler any() {
      return models.get(random.nextInt(models.size()));
    }

    private List<RunInput> inputs() {
      return IntStream.rangeClosed(0, random.nextInt(3))
          .mapToObj(_ -> FakeBackend.input(1, 1 + random.nextInt(3)))
          .toList();
    }

    private Terms terms() {
      Deadline deadline =
          random.nextInt(3) == 0
              ? Deadline.NONE
              : Deadline.after(Duration.ofMillis(1 + random.nextInt(60)), now);
      Urgency urgency = random.nextInt(4) == 0 ? Urgency.BULK : Urgency.INTERACTIVE;
      return new Terms("caller " + random.nextInt(5), urgency, deadline);
    }
  }

  static List<Long> seeds() {
    return IntStream.range(0, 60).mapToObj(Long::valueOf).toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void anyOrderOfEvents_whatWasAccepted_isAnsweredOnceAndLeavesNothing(long seed) {
    Interleaving events = new Interleaving(seed);
    for (int i = 0; i < 400; i++) {
      events.step();
    }
    events.end();
    assertTrue(events.ran > 20, "enough was run to say something");
    for (CompletableFuture<?> each : events.accepted) {
      assertTrue(each.isDone(), "an answer is missing");
      if (each.isCompletedExceptionally() && !each.isCancelled()) {
        Throwable why = each.exceptionNow();
        while (why instanceof CompletionException && why.getCause() != null) {
          why = why.getCause();
        }
        assertTrue(
            Set.of(Reason.OVERLOADED, Reason.DEADLINE_EXCEEDED)
                .contains(assertInstanceOf(NunchiException.class, why).reason()));
      }
    }
    assertEquals(
        Set.of(0), events.models.stream().map(Scheduler::waitingCount).collect(Collectors.toSet()));
    // Would wait for ever for a ticket that was not settled.
    events.models.forEach(Scheduler::close);
  }
}
