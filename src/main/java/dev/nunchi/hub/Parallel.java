package dev.nunchi.hub;

import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Runs work on several threads to its end, or to the first failure, after which the rest is
/// interrupted.
final class Parallel {
  private static final long PATIENCE_SECONDS = 60;

  private Parallel() {}

  /// @param workers threads at most
  /// @throws RuntimeException the first that any of the work threw; by then all of it has ended
  static void run(List<Runnable> work, int workers) {
    if (work.isEmpty()) {
      return;
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(
            Math.min(workers, work.size()),
            Thread.ofPlatform().name("pull-", 0).daemon().factory());
    try {
      CompletionService<Void> done = new ExecutorCompletionService<>(threads);
      work.forEach(each -> done.submit(each, null));
      for (int i = 0; i < work.size(); i++) {
        done.take().get();
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      throw Failures.interrupted(e);
    } finally {
      threads.shutdownNow();
      awaitEnd(threads);
    }
  }

  private static void awaitEnd(ExecutorService threads) {
    try {
      threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
