package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.infer.Delivery;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EventLoopTest {
  private final Vertx vertx = Vertx.vertx();
  private final EventLoop loop = new EventLoop(vertx.getOrCreateContext());

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  @Test
  void execute_whileTextsAreAnswered_isPutOffUntilAllAre() {
    List<String> order = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> both = new CompletableFuture<>();
    Delivery.together(() -> {
      loop.execute(() -> {
        order.add("the answer is sent");
        both.complete(null);
      });
      // Tasks of an event loop run in the order in which it was given them.
      loop.context().runOnContext(_ -> order.add("the next is answered"));
    });
    both.join();
    assertEquals(List.of("the next is answered", "the answer is sent"), order);
  }
}
