package dev.nunchi.serve;

import dev.nunchi.infer.Futures;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import jakarta.inject.Singleton;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// Reads large requests, and encodes what they hold, away from the event loop, where every other
/// caller would wait for it; small ones cost less than the way there. Two at a time.
@Singleton
final class LargeRequests {
  /// More bytes than this are large: some milliseconds.
  private static final int LARGE = 64 << 10;

  private static final int THREADS = 2;

  private final WorkerExecutor workers;

  LargeRequests(Vertx vertx) {
    // Closed with Vert.x.
    this.workers = vertx.createSharedWorkerExecutor("nunchi-large-requests", THREADS);
  }

  /// What comes of the work; cancelling it cancels that, also where it has not begun.
  ///
  /// @param bytes of the request
  /// @param work may throw what its future may fail with
  <V> CompletableFuture<V> run(long bytes, Supplier<CompletableFuture<V>> work) {
    CompletableFuture<Void> turn = new CompletableFuture<>();
    CompletableFuture<V> result = Futures.compose(turn, _ -> work.get());
    // Only now: the work runs on the thread on which its turn comes.
    if (bytes <= LARGE) {
      turn.complete(null);
    } else {
      execute(() -> turn.complete(null));
    }
    return result;
  }

  private void execute(Runnable task) {
    Future<Runnable> _ =
        workers.executeBlocking(
            () -> {
              task.run();
              return task;
            },
            false);
  }
}
