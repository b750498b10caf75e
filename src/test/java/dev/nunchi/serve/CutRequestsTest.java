package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.serve.StagedModel.Stage;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Connections of HTTP/1.1 that end anywhere in a request: nothing is kept of them, and the log has
/// no stack traces of them.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
@Timeout(120)
class CutRequestsTest {
  private static final String SECOND =
      "POST /v1/models HTTP/1.1\r\n"
          + "Host: a\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n"
          + "5\r\n"
          + "abcde\r\n"
          + "0\r\n\r\n";
  private static final String HEAD =
      "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
          + "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s";

  @Inject OpenCalls calls;
  @Inject Doors doors;
  @Inject ModelRegistry models;

  private final List<String> traces = Collections.synchronizedList(new ArrayList<>());
  private final Handler log =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          if (entry.getThrown() != null
              && entry.getLevel().intValue() >= Level.WARNING.intValue()) {
            traces.add(
                "%s: %s %s"
                    .formatted(entry.getLoggerName(), entry.getMessage(), entry.getThrown()));
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    Logger.getLogger("").addHandler(log);
  }

  @AfterEach
  void stop() {
    Logger.getLogger("").removeHandler(log);
    StagedModel.forget();
    StagedModel.release();
  }

  @Test
  void request_cutAnywhere_isForgotten() throws Exception {
    String first = first("tiny");
    for (int end = 0; end < first.length(); end++) {
      cut(first.substring(0, end));
      assertForgotten("cut at " + end);
    }
  }

  /// The caller of the first has gone as well, and what is run for him may end.
  @Test
  void request_cutAnywhereBehindOneThatRuns_isForgottenWithIt() throws Exception {
    for (int end = 1; end <= SECOND.length(); end++) {
      StagedModel.holdAt(Stage.RUNNING);
      try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
        send(socket, first("staged") + SECOND.substring(0, end));
        StagedModel.awaitHeld();
      }
      // While the model still runs.
      await("the first call is open, cut at " + end, calls::isEmpty);
      StagedModel.release();
      // The worker is free again.
      assertAnswered();
      assertForgotten("cut at " + end);
    }
  }

  /// Both are decoded at once.
  @Test
  void request_cutAnywhereBehindAShortOne_isForgottenWithIt() throws Exception {
    String first =
        "GET /q/metrics HTTP/1.1\r\nHost:a\r\nAuthorization: Bearer %s\r\n\r\n"
            .formatted(GuardedServer.TOKEN);
    for (int end = 1; end <= SECOND.length(); end++) {
      cut(first + SECOND.substring(0, end));
      assertForgotten("cut at " + end);
    }
  }

  private static void assertAnswered() throws Exception {
    try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
      socket.setSoTimeout(20_000);
      send(socket, first("staged"));
      byte[] line = socket.getInputStream().readNBytes(15);
      assertEquals("HTTP/1.1 200 OK", new String(line, StandardCharsets.US_ASCII));
    }
  }

  private void assertForgotten(String what) throws InterruptedException {
    await("calls are open, " + what, calls::isEmpty);
    await("connections are open, " + what, () -> doors.count() == 0);
    await("bodies are held, " + what, () -> doors.heldBytes() == 0);
    await(
        "places are taken, " + what,
        () -> models.all().stream().allMatch(each -> each.classifier().waitingCount() == 0));
    assertEquals(List.of(), traces, what);
  }

  private static String first(String model) {
    String body = "{\"text\": \"abc\", \"model\": \"%s\"}".formatted(model);
    return HEAD.formatted(GuardedServer.TOKEN, body.length(), body);
  }

  private static void cut(String part) throws Exception {
    try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
      send(socket, part);
    }
  }

  private static void send(Socket socket, String text) throws Exception {
    socket.setTcpNoDelay(true);
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void await(String what, BooleanSupplier reached) throws InterruptedException {
    long until = System.nanoTime() + 20_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertTrue(System.nanoTime() < until, what);
      Thread.sleep(1);
    }
  }
}
