package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Calls to event loops that are late with everything.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@Timeout(60)
class LoadSheddingTest {
  private static final ClassifyRequest REQUEST =
      ClassifyRequest.newBuilder().setText("영화 정말 좋다!").build();
  private static final String WHY = "calls wait before they are read";

  /// For this long a loop handles nothing, again and again.
  private static final long NAP_MILLIS = 120;

  /// Of which the loop's lag is more than the part that may go by.
  private static final long SHORT_MILLIS = 400;

  private static final long LONG_MILLIS = 60_000;
  private static final int CALLERS = 16;

  @Inject Vertx vertx;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
  private final HttpClient old =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private volatile boolean late = true;
  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    channel = ServerUnderTest.channel();
    for (EventExecutor loop : ((VertxInternal) vertx).getEventLoopGroup()) {
      loop.execute(() -> nap(loop));
    }
  }

  @AfterEach
  void disconnect() throws InterruptedException {
    late = false;
    client.shutdownNow();
    old.shutdownNow();
    channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  private void nap(EventExecutor loop) {
    if (late) {
      try {
        Thread.sleep(NAP_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      // Of what has come meanwhile some is handled before.
      loop.schedule(() -> nap(loop), 1, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void classify_loopIsLateForLong_refusesWhomItCostsMuchOfTheirTime() throws Exception {
    StatusRuntimeException refusal = null;
    while (refusal == null) {
      try {
        call(SHORT_MILLIS);
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED) {
          refusal = e;
        }
      }
    }
    assertTrue(refusal.getStatus().getDescription().contains(WHY), refusal::getMessage);
    assertTrue(refusedByRest().body().contains(WHY));

    // Who has time is answered, and so is a probe of health.
    call(LONG_MILLIS);
    assertEquals(200, rest(client, LONG_MILLIS).join().statusCode());
    HttpRequest health = HttpRequest.newBuilder(uri("/q/health/ready")).build();
    assertEquals(200, client.send(health, HttpResponse.BodyHandlers.discarding()).statusCode());
    // A refusal would end the connection.
    assertNotEquals(429, rest(old, SHORT_MILLIS).join().statusCode());

    late = false;
    // The first of these find the loop as it was.
    for (boolean answered = false; !answered; ) {
      try {
        call(SHORT_MILLIS);
        answered = true;
      } catch (StatusRuntimeException e) {
        Thread.sleep(10);
      }
    }
  }

  private void call(long millis) {
    SentimentServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(millis, TimeUnit.MILLISECONDS)
        .classify(REQUEST);
  }

  /// A loop is known to be late where something comes again and again: so several call at a time.
  private HttpResponse<String> refusedByRest() {
    while (true) {
      List<CompletableFuture<HttpResponse<String>>> calls =
          Stream.generate(() -> rest(client, SHORT_MILLIS)).limit(CALLERS).toList();
      for (CompletableFuture<HttpResponse<String>> call : calls) {
        if (call.join().statusCode() == 429) {
          return call.join();
        }
      }
    }
  }

  private CompletableFuture<HttpResponse<String>> rest(HttpClient by, long millis) {
    return by.sendAsync(
        HttpRequest.newBuilder(uri("/v1/classify"))
            .header("Content-Type", "application/json")
            .header(RestDeadline.HEADER, Long.toString(millis))
            .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"영화 정말 좋다!\"}"))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static URI uri(String path) {
    return URI.create("http://localhost:%d%s".formatted(ServerUnderTest.port(), path));
  }
}
