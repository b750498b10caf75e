package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FuturesTest {
  private final CompletableFuture<Integer> first = new CompletableFuture<>();
  private final CompletableFuture<Integer> second = new CompletableFuture<>();
  private final CompletableFuture<List<Integer>> all = Futures.all(List.of(first, second));

  @Test
  void all_completedInAnyOrder_hasTheValuesInTheirs() throws Exception {
    second.complete(2);
    assertFalse(all.isDone());
    first.complete(1);
    assertEquals(List.of(1, 2), all.get());
  }

  @Test
  void all_oneFails_failsAtOnceAndCancelsTheOthers() {
    second.completeExceptionally(new IllegalStateException("second"));
    assertEquals("second", cause(all));
    assertTrue(first.isCancelled());
  }

  @Test
  void all_cancelled_cancelsAll() {
    all.cancel(false);
    assertTrue(first.isCancelled());
    assertTrue(second.isCancelled());
  }

  @Test
  void map_cancelled_cancelsItsSource() {
    Futures.map(all, List::size).cancel(false);
    assertTrue(first.isCancelled());
  }

  @Test
  void map_functionThrows_fails() {
    CompletableFuture<Integer> mapped =
        Futures.map(
            first,
            _ -> {
              throw new IllegalStateException("function");
            });
    first.complete(1);
    assertEquals("function", cause(mapped));
  }

  @Test
  void map_functionThrowsAnError_fails() {
    CompletableFuture<Integer> mapped =
        Futures.map(
            first,
            _ -> {
              throw new StackOverflowError("function");
            });
    first.complete(1);
    assertEquals("function", cause(mapped));
  }

  @Test
  void map_sourceFails_failsWithThatAndNothingElse() {
    IllegalStateException failure = new IllegalStateException("source");
    CompletableFuture<Integer> early = Futures.map(first, value -> value);
    first.completeExceptionally(failure);
    assertSame(failure, early.exceptionNow());
    assertSame(failure, Futures.map(first, value -> value).exceptionNow());
  }

  @Test
  void whenDone_failed_isToldOfTheFailureItself() {
    List<Throwable> told = new ArrayList<>();
    Futures.whenDone(first, (_, failure) -> told.add(failure));
    IllegalStateException failure = new IllegalStateException("source");
    first.completeExceptionally(failure);
    assertEquals(List.of(failure), told);
  }

  @Test
  void compose_cancelled_cancelsWhatIsWaitedFor() {
    CompletableFuture<Integer> composed = Futures.compose(first, _ -> second);
    first.complete(1);
    composed.cancel(false);
    assertTrue(second.isCancelled());
    CompletableFuture<Integer> source = new CompletableFuture<>();
    Futures.compose(source, _ -> second).cancel(false);
    assertTrue(source.isCancelled());
  }

  @Test
  void compose_functionThrowsOrItsFutureFails_fails() {
    CompletableFuture<Integer> thrown =
        Futures.compose(
            first,
            _ -> {
              throw new StackOverflowError("function");
            });
    CompletableFuture<Integer> failed = Futures.compose(first, _ -> second);
    first.complete(1);
    second.completeExceptionally(new IllegalStateException("second"));
    assertEquals("function", cause(thrown));
    assertEquals("second", cause(failed));
  }

  private static @Nullable String cause(CompletableFuture<?> failed) {
    ExecutionException failure = assertThrows(ExecutionException.class, failed::get);
    return assertInstanceOf(Throwable.class, failure.getCause()).getMessage();
  }
}
