package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UnaryCallTest {
  private final Vertx vertx = Vertx.vertx();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final FakeStreamCall call = new FakeStreamCall();
  private final CompletableFuture<StreamClassifyResponse> future = new CompletableFuture<>();

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void answer_callerIsThere_isSent() throws Exception {
    call.makeRoom(1);
    onEventLoop(() -> {
      answer();
      future.complete(StreamClassifyResponse.getDefaultInstance());
    });
    assertEquals(1, call.answers.size());
    assertTrue(call.completed);
    assertEquals(1, count("OK"));
  }

  /// The reset is read when the answer is there and has not been sent: the future cannot be
  /// cancelled any more.
  @Test
  void answer_callerGoesBeforeItIsSent_isNotSent() throws Exception {
    call.makeRoom(1);
    onEventLoop(() -> {
      answer();
      Thread inference =
          Thread.ofPlatform()
              .start(() -> future.complete(StreamClassifyResponse.getDefaultInstance()));
      join(inference);
      call.cancel();
    });
    assertTrue(call.answers.isEmpty());
    assertFalse(call.hasEnded());
    assertEquals(1, count("CANCELLED"));
  }

  @Test
  void answer_callerGoes_isCancelled() throws Exception {
    onEventLoop(() -> {
      answer();
      call.cancel();
    });
    assertTrue(future.isCancelled());
    assertFalse(call.hasEnded());
    assertEquals(1, count("CANCELLED"));
  }

  @Test
  void answer_workThrowsAnError_isInternal() throws Exception {
    onEventLoop(() -> {
      CompletableFuture<StreamClassifyResponse> _ =
          new UnaryCall<StreamClassifyResponse>("Classify", call, new Metrics(registry))
              .<StreamClassifyResponse>answer(
                  () -> {
                    throw new StackOverflowError();
                  },
                  Function.identity());
    });
    assertTrue(call.hasEnded());
    assertFalse(call.completed);
    assertEquals(1, count("INTERNAL"));
  }

  @Test
  void answer_transportThrowsAnError_endsTheCall() throws Exception {
    call.makeRoom(1);
    call.broken = new OutOfMemoryError("test");
    onEventLoop(() -> {
      answer();
      future.complete(StreamClassifyResponse.getDefaultInstance());
    });
    assertTrue(call.hasEnded());
    assertFalse(call.completed);
  }

  private void answer() {
    CompletableFuture<StreamClassifyResponse> _ =
        new UnaryCall<>("Classify", call, new Metrics(registry))
            .answer(() -> future, Function.identity());
  }

  /// Returns when that is done, and what it gave the event loop to do.
  private void onEventLoop(Runnable work) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    vertx
        .getOrCreateContext()
        .runOnContext(_ -> {
          work.run();
          Vertx.currentContext().runOnContext(_ -> done.complete(null));
        });
    done.get(10, TimeUnit.SECONDS);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private double count(String code) {
    return registry.get("nunchi.requests").tag("code", code).counter().count();
  }
}
