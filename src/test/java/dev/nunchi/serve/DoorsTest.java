package dev.nunchi.serve;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a connection can have a server hold.
@Timeout(60)
class DoorsTest {
  private static final ConnectionLimits NONE =
      new ConnectionLimits(0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO);
  private static final int ANSWER = 64 << 10;

  private final Vertx vertx = Vertx.vertx();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final AtomicInteger answered = new AtomicInteger();
  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch missed = new CountDownLatch(1);
  private final List<Socket> sockets = new ArrayList<>();
  private int port;
  private @Nullable Doors doors;

  /// Answers `/large` with much, `/held` when the test lets it, and others with their path and
  /// body.
  private void listen(ConnectionLimits limits) throws Exception {
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(this::answer)
            .listen(0, "localhost")
            .toCompletionStage()
            .toCompletableFuture()
            .get();
    Metrics metrics = new Metrics(registry);
    ServeConfig config = ServeConfig.from(new SmallRyeConfigBuilder().build());
    Doors opened =
        new Doors(vertx, config, new OpenCalls(config, metrics), new OpenStreams(config), metrics);
    doors = opened;
    port = server.actualPort();
    opened.serve(port, limits);
    // The event loop that accepts has to have seen it.
    while (opened.count() == 0) {
      try (Socket socket = connected()) {
        Thread.sleep(5);
      }
    }
    while (opened.count() > 0) {
      Thread.sleep(1);
    }
  }

  @AfterEach
  void close() throws Exception {
    held.countDown();
    for (Socket socket : sockets) {
      socket.close();
    }
    requireNonNull(doors).stop(new ShutdownEvent());
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private void answer(HttpServerRequest request) {
    answered.incrementAndGet();
    if (request.path().equals("/large")) {
      request.response().end(Buffer.buffer(new byte[ANSWER]));
    } else if (request.path().equals("/last")) {
      request.response().putHeader("connection", "close").end("last");
    } else if (request.path().equals("/missed")) {
      request.response().closeHandler(_ -> missed.countDown());
    } else if (request.path().equals("/held")) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              held.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            request.response().end();
          });
    } else {
      request
          .body()
          .onSuccess(body -> {
            Buffer answer = Buffer.buffer(request.path() + " ").appendBuffer(body);
            if (answered.get() % 3 == 0) {
              vertx.setTimer(1, _ -> request.response().end(answer));
            } else {
              request.response().end(answer);
            }
          });
    }
  }

  @Test
  void close_letsNobodyIn_andLeavesWhoIsInside() throws Exception {
    listen(NONE);
    Socket inside = connected();
    while (requireNonNull(doors).count() < 1) {
      Thread.sleep(1);
    }
    requireNonNull(doors).close();
    while (true) {
      try (Socket outside = connected()) {
        Thread.sleep(1);
      } catch (SocketException _) {
        // Refused, or reset where it came in the moment of closing.
        break;
      }
    }
    inside.setSoTimeout(10_000);
    inside
        .getOutputStream()
        .write("GET /last HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    String answer = new String(inside.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertTrue(answer.endsWith("last"), answer);
  }

  /// Without a bound they are all read, and their answers lie in memory.
  @Test
  void requests_whoseAnswersAreNotRead_areNotReadEither() throws Exception {
    listen(NONE);
    byte[] requests =
        "GET /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(4_000).getBytes(StandardCharsets.US_ASCII);
    try (SocketChannel caller = SocketChannel.open()) {
      caller.connect(new InetSocketAddress("localhost", port));
      caller.configureBlocking(false);
      int before = -1;
      ByteBuffer left = ByteBuffer.wrap(requests);
      while (answered.get() > before) {
        before = answered.get();
        for (int i = 0; i < 100; i++) {
          caller.write(left);
          Thread.sleep(5);
        }
      }
      // What lies between the two in the system's buffers.
      assertTrue(before < 400, "answered " + before);
    }
    assertEquals("/next ", get("/next", HttpClient.Version.HTTP_1_1).body());
    while (requireNonNull(doors).count() > 1) {
      Thread.sleep(1);
    }
  }

  /// Bodies with and without a length, split where chance has it, answered now or later.
  @Test
  void requests_behindOneAnother_areAnsweredEachAndInOrder() throws Exception {
    listen(NONE);
    Random random = new Random(7);
    ByteArrayOutputStream requests = new ByteArrayOutputStream();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      String body =
          "b".repeat(random.nextInt(10) == 0 ? random.nextInt(5_000) : random.nextInt(40));
      String head = "POST /%d HTTP/1.1\r\nHost: a\r\n".formatted(i);
      switch (random.nextInt(3)) {
        case 0 -> {
          body = "";
          head = "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n".formatted(i);
        }
        case 1 -> head += "Content-Length: %d\r\n\r\n%s".formatted(body.length(), body);
        default ->
            head +=
                "Transfer-Encoding: chunked\r\n\r\n"
                    + (body.isEmpty()
                        ? ""
                        : Integer.toHexString(body.length()) + "\r\n" + body + "\r\n")
                    + "0\r\n\r\n";
      }
      requests.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
      expected.add("/%d %s".formatted(i, body));
    }
    try (Socket socket = connected()) {
      byte[] all = requests.toByteArray();
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int from = 0; from < all.length; ) {
                    int length = Math.min(all.length - from, 1 + random.nextInt(30_000));
                    socket.getOutputStream().write(all, from, length);
                    from += length;
                  }
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      InputStream in = socket.getInputStream();
      for (String body : expected) {
        assertEquals(body, answer(in));
      }
      writer.join();
    }
    assertEquals(400, answered.get());
  }

  /// As that to a call without a token. So that what runs for it ends, whatever came behind it.
  @Test
  void caller_goesWithRequestsBehindOneAnother_isMissed() throws Exception {
    listen(NONE);
    Socket socket = connected();
    // The last one is cut within its header.
    String requests = "GET /missed HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3).stripTrailing();
    socket.getOutputStream().write(requests.getBytes(StandardCharsets.US_ASCII));
    while (answered.get() == 0) {
      Thread.sleep(1);
    }
    socket.close();
    assertTrue(missed.await(20, TimeUnit.SECONDS));
    assertEquals(1, answered.get());
  }

  @Test
  void requests_behindTheLastAnswer_areNotAnswered() throws Exception {
    listen(NONE);
    try (Socket socket = connected()) {
      socket
          .getOutputStream()
          .write(
              ("GET /last HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1_000))
                  .getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      assertEquals("last", answer(in));
      // What came in one piece with it.
      while (in.read() >= 0) {}
    }
    assertTrue(answered.get() < 10, "answered " + answered);
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void request_ofEitherVersion_isAnswered(HttpClient.Version version) throws Exception {
    listen(NONE);
    assertEquals("/one ", get("/one", version).body());
    HttpResponse<String> posted =
        client(version)
            .send(
                HttpRequest.newBuilder(uri("/two"))
                    .POST(HttpRequest.BodyPublishers.ofString("x".repeat(200_000)))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertEquals("/two " + "x".repeat(200_000), posted.body());
    assertEquals(version, posted.version());
  }

  @Test
  void connections_thatSendNothing_makePlaceForOthers() throws Exception {
    listen(new ConnectionLimits(8, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO));
    Socket first = connected();
    for (int i = 0; i < 30; i++) {
      connected().getOutputStream().write("GET / HT".getBytes(StandardCharsets.US_ASCII));
    }
    assertEquals("/next ", get("/next", HttpClient.Version.HTTP_1_1).body());
    assertTrue(requireNonNull(doors).count() <= 8);
    assertEquals(-1, first.getInputStream().read());
    assertTrue(closed("place") >= 22);
  }

  @Test
  void connections_thatAllHoldACall_keepTheNextOut() throws Exception {
    listen(new ConnectionLimits(0, 3, Duration.ZERO, Duration.ZERO, Duration.ZERO));
    List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      calls.add(
          client(HttpClient.Version.HTTP_1_1)
              .sendAsync(
                  HttpRequest.newBuilder(uri("/held")).build(),
                  HttpResponse.BodyHandlers.ofString()));
    }
    while (answered.get() < 3) {
      Thread.sleep(1);
    }
    assertThrows(IOException.class, () -> get("/next", HttpClient.Version.HTTP_1_1));
    // A client may try again by itself.
    assertTrue(closed("refused") >= 1);
    held.countDown();
    for (CompletableFuture<HttpResponse<String>> call : calls) {
      assertEquals(200, call.get(20, TimeUnit.SECONDS).statusCode());
    }
    assertEquals("/next ", get("/next", HttpClient.Version.HTTP_1_1).body());
  }

  @Test
  void connections_overATime_areClosedAndOthersStay() throws Exception {
    Duration soon = Duration.ofMillis(300);
    listen(new ConnectionLimits(0, 0, soon, Duration.ZERO, soon));
    Socket silent = connected();
    Socket again = connected();
    again
        .getOutputStream()
        .write("GET /a HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertEquals("/a ", answer(again.getInputStream()));
    again.getOutputStream().write("GET /b HTTP/1.1\r\nHost:".getBytes(StandardCharsets.US_ASCII));
    Socket idle = connected();
    idle.getOutputStream()
        .write("GET /c HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertEquals("/c ", answer(idle.getInputStream()));
    Socket waits = connected();
    waits
        .getOutputStream()
        .write("GET /held HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    Socket unread = connected();
    unread
        .getOutputStream()
        .write(
            "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
                .repeat(400)
                .getBytes(StandardCharsets.US_ASCII));
    assertEquals(-1, silent.getInputStream().read());
    assertEquals(-1, again.getInputStream().read());
    while (closed("write") < 1) {
      Thread.sleep(10);
    }
    assertEquals(2, closed("header"));
    idle.getOutputStream()
        .write("GET /d HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertEquals("/d ", answer(idle.getInputStream()));
    held.countDown();
    assertEquals("", answer(waits.getInputStream()));
  }

  private Socket connected() throws IOException {
    Socket socket = new Socket("localhost", port);
    socket.setSoTimeout(20_000);
    sockets.add(socket);
    return socket;
  }

  private HttpResponse<String> get(String path, HttpClient.Version version) throws Exception {
    return client(version)
        .send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpClient client(HttpClient.Version version) {
    return HttpClient.newBuilder().version(version).build();
  }

  private URI uri(String path) {
    return URI.create("http://localhost:%d%s".formatted(port, path));
  }

  private double closed(String cause) {
    return registry.find("nunchi.connections.closed").tag("cause", cause).counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  /// The body of the next answer.
  private static String answer(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      assertTrue(next >= 0, "closed after: " + head);
      head.append((char) next);
    }
    String length = head.toString().replaceFirst("(?s).*content-length: (\\d+).*", "$1");
    return new String(in.readNBytes(Integer.parseInt(length)), StandardCharsets.US_ASCII);
  }
}
