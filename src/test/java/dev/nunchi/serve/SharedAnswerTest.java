package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class SharedAnswerTest {
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final List<Duration> delays = new ArrayList<>();
  private final List<Runnable> meanwhile = new ArrayList<>();
  private long now = 1_000;
  private Duration work = Duration.ofMillis(5);
  private int made;

  private final SharedAnswer<Integer> answer =
      new SharedAnswer<>(
          this::make,
          (task, delay) -> {
            delays.add(delay);
            tasks.add(task);
          },
          () -> now);

  private Integer make() {
    made++;
    now += work.toNanos();
    List.copyOf(meanwhile).forEach(Runnable::run);
    meanwhile.clear();
    if (made < 0) {
      throw new IllegalStateException("test");
    }
    return made;
  }

  /// Whoever asks alone.
  @Test
  void ask_oneAfterTheOther_isMadeAnewForEach() {
    assertEquals(1, answered());
    now += Duration.ofSeconds(1).toNanos();
    assertEquals(2, answered());
    assertEquals(List.of(Duration.ZERO, Duration.ZERO), delays);
  }

  @Test
  void ask_manyAtOneTime_isMadeOnce() {
    List<CompletableFuture<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      all.add(answer.ask());
    }
    runAll();
    all.forEach(each -> assertEquals(1, each.join()));
    assertEquals(1, made);
  }

  /// What is being made may be older than the question.
  @Test
  void ask_whileItIsMade_waitsForTheNext() {
    List<CompletableFuture<Integer>> later = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      meanwhile.add(() -> later.add(answer.ask()));
    }
    CompletableFuture<Integer> first = answer.ask();
    runOne();
    assertEquals(1, first.join());
    later.forEach(each -> assertFalse(each.isDone()));
    runAll();
    later.forEach(each -> assertEquals(2, each.join()));
  }

  @Test
  void ask_againAndAgain_takesATenthOfTheTime() {
    long began = now;
    for (int i = 0; i < 100; i++) {
      answer.ask();
      now += delays.getLast().toNanos();
      runAll();
    }
    assertEquals(100, made);
    assertTrue(now - began >= 99 * 10 * work.toNanos(), "took " + (now - began));
  }

  @Test
  void ask_makingTakesLong_restsForAQuarterOfASecond() {
    work = Duration.ofSeconds(3);
    answered();
    answer.ask();
    assertEquals(Duration.ofMillis(250), delays.getLast());
  }

  @Test
  void ask_makingFails_failsForThoseWhoAskedAndNotForTheNext() {
    made = Integer.MIN_VALUE;
    CompletableFuture<Integer> failed = answer.ask();
    runAll();
    assertThrows(CompletionException.class, failed::join);
    made = 0;
    assertEquals(1, answered());
  }

  @Test
  void ask_workerHasEnded_failsEachTime() {
    SharedAnswer<Integer> late =
        new SharedAnswer<>(
            this::make,
            (_, _) -> {
              throw new RejectedExecutionException("test");
            },
            () -> now);
    for (int i = 0; i < 2; i++) {
      assertThrows(CompletionException.class, late.ask()::join);
    }
  }

  /// One who goes takes it from nobody else.
  @Test
  void ask_oneCancels_theOthersHaveTheirs() {
    CompletableFuture<Integer> gone = answer.ask();
    CompletableFuture<Integer> stays = answer.ask();
    gone.cancel(false);
    runAll();
    assertEquals(1, stays.join());
  }

  private int answered() {
    CompletableFuture<Integer> asked = answer.ask();
    runAll();
    return asked.join();
  }

  private void runAll() {
    while (!tasks.isEmpty()) {
      runOne();
    }
  }

  private void runOne() {
    tasks.remove().run();
  }
}
