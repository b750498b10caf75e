package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LargeRequestsTest {
  private static final long LARGE = 1 << 20;

  private final Vertx vertx = Vertx.vertx();
  private final LargeRequests large = new LargeRequests(vertx);

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void run_large_neverOnTheEventLoop() throws Exception {
    CompletableFuture<List<CompletableFuture<Boolean>>> begun = new CompletableFuture<>();
    vertx
        .getOrCreateContext()
        .runOnContext(_ -> {
          List<CompletableFuture<Boolean>> runs = new ArrayList<>();
          for (int i = 0; i < 1_000; i++) {
            runs.add(
                large.run(
                    LARGE, () -> CompletableFuture.completedFuture(Context.isOnEventLoopThread())));
          }
          begun.complete(runs);
        });
    for (CompletableFuture<Boolean> onEventLoop : begun.get(10, TimeUnit.SECONDS)) {
      assertEquals(false, onEventLoop.get(10, TimeUnit.SECONDS));
    }
  }

  /// What it finds is answered where it is known whether the caller has gone.
  @Test
  void eventLoop_ofTheCallThatAWorkerWorksFor_isNotTheWorker() throws Exception {
    CompletableFuture<Boolean> answeredOnEventLoop = new CompletableFuture<>();
    vertx
        .getOrCreateContext()
        .runOnContext(_ -> {
          EventLoop eventLoop = EventLoop.current();
          CompletableFuture<Void> _ =
              large.run(
                  LARGE,
                  () -> {
                    eventLoop.execute(
                        () -> answeredOnEventLoop.complete(Context.isOnEventLoopThread()));
                    return CompletableFuture.completedFuture(null);
                  });
        });
    assertTrue(answeredOnEventLoop.get(10, TimeUnit.SECONDS));
  }
}
