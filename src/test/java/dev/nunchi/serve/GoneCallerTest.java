package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.Classifier;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Callers who go, or whose time is over, while a model is busy with another.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
@Timeout(60)
class GoneCallerTest {
  private static final String TEXT = "{\"text\": \"영화 정말 좋다!\", \"model\": \"waiting\"}";

  @Inject ModelRegistry models;

  private HttpClient client;
  private CompletableFuture<HttpResponse<String>> first;

  /// The model's one worker is busy with the first.
  @BeforeEach
  void occupy() throws Exception {
    if (client == null) {
      client = HttpClient.newHttpClient();
    }
    GuardedServer.BEGUN.set(0);
    first = client.sendAsync(request("/v1/classify", TEXT), text());
    while (GuardedServer.BEGUN.get() == 0) {
      Thread.sleep(1);
    }
  }

  /// Nobody else's text was run.
  @AfterEach
  void firstIsAnsweredAndNoneElseWasRun() {
    awaitWaiting(0);
    GuardedServer.PERMITS.release();
    assertEquals(200, first.join().statusCode());
    assertEquals(1, GuardedServer.BEGUN.get());
    client.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/classify, HTTP_1_1",
    "/v1/classify:batch, HTTP_1_1",
    "/v1/classify, HTTP_2",
    "/v1/classify:batch, HTTP_2"
  })
  void rest_callersHangUp_areLetGo(String path, HttpClient.Version version) {
    String body = path.endsWith("batch") ? "{\"requests\": [" + TEXT + "]}" : TEXT;
    HttpClient goes = HttpClient.newBuilder().version(version).build();
    for (int i = 0; i < 8; i++) {
      CompletableFuture<HttpResponse<String>> _ = goes.sendAsync(request(path, body), text());
    }
    awaitWaiting(8);
    // Resets the streams of HTTP/2, and closes the connections.
    goes.shutdownNow();
    awaitWaiting(0);
  }

  @Test
  void grpc_unaryCallsWhoseConnectionBreaks_areLetGo() throws Exception {
    try (RawHttp2 connection = new RawHttp2(65_535)) {
      for (int stream = 1; stream < 8; stream += 2) {
        connection.call(stream, "Classify", message());
      }
      connection.send();
      awaitWaiting(4);
    }
    awaitWaiting(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/classify", "/v1/classify:batch"})
  void rest_timeWouldBeOver_isRefusedAtOnce(String path) throws Exception {
    learnThatItIsSlow();
    String body = path.endsWith("batch") ? "{\"requests\": [" + TEXT + "]}" : TEXT;
    HttpResponse<String> late = client.send(within("100", path, body), text());
    assertEquals(429, late.statusCode());
    assertEquals("OVERLOADED", JsonPath.from(late.body()).getString("reason"));
    assertTrue(late.headers().firstValue("Retry-After").isPresent());
    awaitWaiting(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1s", "-1", "", "0.5", "123456789"})
  void rest_timeThatIsNone_isRefusedByName(String time) throws Exception {
    HttpResponse<String> refused = client.send(within(time, "/v1/classify", TEXT), text());
    assertEquals(400, refused.statusCode());
    assertTrue(refused.body().contains("X-Request-Timeout-Ms"), refused.body());
  }

  /// The time counts while the body comes, too.
  @Test
  void rest_bodyThatNeverComes_isDeadlineExceededAndClosed() throws Exception {
    try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              ("POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      + "Authorization: Bearer "
                      + GuardedServer.TOKEN
                      + "\r\n"
                      + "X-Request-Timeout-Ms: 100\r\nContent-Length: 1000\r\n\r\n{\"text\"")
                  .getBytes(StandardCharsets.US_ASCII));
      // To the end of the connection.
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(answer.startsWith("HTTP/1.1 504 "), answer);
    }
  }

  /// What it takes is known from the texts that it has run, some of them in no time.
  private void learnThatItIsSlow() throws Exception {
    Classifier classifier = models.named("waiting").orElseThrow().classifier();
    for (int i = 0; classifier.expectedQueueDuration().toMillis() < 120; i++) {
      assertTrue(i < 50, "expected: " + classifier.expectedQueueDuration());
      Thread.sleep(300);
      GuardedServer.PERMITS.release();
      assertEquals(200, first.join().statusCode());
      occupy();
    }
  }

  private void awaitWaiting(int count) {
    long until = System.nanoTime() + 5_000_000_000L;
    Classifier classifier = models.named("waiting").orElseThrow().classifier();
    while (classifier.waitingCount() != count) {
      assertTrue(System.nanoTime() < until, "waiting: " + classifier.waitingCount());
      Thread.onSpinWait();
    }
  }

  private static byte[] message() {
    return ClassifyRequest.newBuilder().setText("영화").setModel("waiting").build().toByteArray();
  }

  private static HttpResponse.BodyHandler<String> text() {
    return HttpResponse.BodyHandlers.ofString();
  }

  private static HttpRequest within(String millis, String path, String body) {
    return HttpRequest.newBuilder(request(path, body), (_, _) -> true)
        .header("X-Request-Timeout-Ms", millis)
        .build();
  }

  private static HttpRequest request(String path, String body) {
    return HttpRequest.newBuilder(
            URI.create("http://localhost:%d%s".formatted(ServerUnderTest.port(), path)))
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer " + GuardedServer.TOKEN)
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }
}
