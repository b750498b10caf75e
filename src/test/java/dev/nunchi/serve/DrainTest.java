package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A server that answers when the test says so.
@Timeout(30)
class DrainTest {
  private final Vertx vertx = Vertx.vertx();
  private final ServeConfig config = ServeConfig.from(new SmallRyeConfigBuilder().build());
  private final Metrics metrics = new Metrics(new SimpleMeterRegistry());
  private final OpenCalls openCalls = new OpenCalls(config, metrics);
  private final Doors doors = new Doors(vertx, config, openCalls, new OpenStreams(config), metrics);
  private final Drain drain = new Drain(config, metrics, openCalls, doors);
  private final LinkedBlockingQueue<RoutingContext> calls = new LinkedBlockingQueue<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private HttpServer server;

  @BeforeEach
  void listen() throws Exception {
    server = listen(drain);
  }

  private HttpServer listen(Drain before) throws Exception {
    Router router = Router.router(vertx);
    router.route().handler(before::enter);
    router.route().handler(calls::add);
    return vertx
        .createHttpServer()
        .requestHandler(router)
        .listen(0)
        .toCompletionStage()
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    doors.stop(new ShutdownEvent());
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void drain_callInFlight_isAnsweredAndNewOnesAreRefused(HttpClient.Version version)
      throws Exception {
    CompletableFuture<HttpResponse<String>> inFlight = call(client, version);
    RoutingContext call = calls.take();
    CompletableFuture<Void> drained = drained();
    try (HttpClient other = HttpClient.newHttpClient()) {
      while (!drain.isStopping()) {
        Thread.onSpinWait();
      }
      HttpResponse<String> refused = call(other, version).get();
      assertEquals(503, refused.statusCode());
      assertTrue(refused.body().contains("UNAVAILABLE"), refused.body());
    }
    assertFalse(drained.isDone());
    call.vertx().runOnContext(_ -> call.end("answer"));
    assertEquals("answer", inFlight.get().body());
    drained.get();
  }

  /// Its answer has been written, and has not left the server: the caller does not read.
  @Test
  void drain_answerThatIsNotSent_isWaitedFor() throws Exception {
    try (Socket socket = new Socket("localhost", server.actualPort())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      RoutingContext call = calls.take();
      call.vertx().runOnContext(_ -> call.end("a".repeat(16 << 20)));
      CompletableFuture<Void> drained = drained();
      Thread.sleep(1_000);
      assertFalse(drained.isDone());
      byte[] answer = socket.getInputStream().readNBytes(16 << 20);
      assertEquals(16 << 20, answer.length);
      drained.get();
    }
  }

  @Test
  void drain_bodyThatNeverEnds_isRefusedAtOnce() throws Exception {
    try (Socket socket = new Socket("localhost", server.actualPort())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
                  .getBytes(StandardCharsets.US_ASCII));
      calls.take();
      drained().get();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
    }
  }

  /// It is at work, though over gRPC nothing is sent before the first answer.
  @Test
  void drain_streamWithoutItsFirstAnswer_isNotCut() throws Exception {
    HttpClientRequest request = grpcRequest("StreamClassify");
    // Composed before there is an answer: a body that nobody waits for yet is lost.
    CompletableFuture<Buffer> answer =
        request
            .response()
            .compose(HttpClientResponse::body)
            .toCompletionStage()
            .toCompletableFuture();
    request.setChunked(true).sendHead();
    RoutingContext call = calls.take();
    CompletableFuture<Void> drained = drained();
    Thread.sleep(600);
    assertFalse(call.response().ended());
    call.vertx().runOnContext(_ -> call.end("answer"));
    assertEquals("answer", answer.get().toString());
    request.end();
    drained.get();
  }

  /// So gRPC sends it again elsewhere by itself.
  @Test
  void drain_callOfGrpcThatIsTooLate_isResetAsOneThatHasNotBegun() throws Exception {
    HttpClientRequest first = grpcRequest("Classify");
    first.end();
    RoutingContext call = calls.take();
    CompletableFuture<Void> drained = drained();
    while (!drain.isStopping()) {
      Thread.onSpinWait();
    }
    HttpClientRequest late = grpcRequest("Classify");
    late.end();
    ExecutionException refused =
        assertThrows(
            ExecutionException.class,
            () -> late.response().toCompletionStage().toCompletableFuture().get());
    StreamResetException reset = assertInstanceOf(StreamResetException.class, refused.getCause());
    assertEquals(7, reset.getCode());
    assertTrue(calls.isEmpty());
    call.vertx().runOnContext(_ -> call.end("answer"));
    assertEquals(
        200, first.response().toCompletionStage().toCompletableFuture().get().statusCode());
    drained.get();
  }

  /// On a connection of its own.
  private HttpClientRequest grpcRequest(String method) throws Exception {
    HttpClientRequest request =
        vertx
            .createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false))
            .request(
                HttpMethod.POST,
                server.actualPort(),
                "localhost",
                "/nunchi.sentiment.v1.SentimentService/" + method)
            .toCompletionStage()
            .toCompletableFuture()
            .get();
    request.putHeader("content-type", "application/grpc");
    return request;
  }

  /// While callers of HTTP/2 have their moment to close, which this one does not use.
  @Test
  void drain_callOverHttp1WhenAllIsSent_isAnsweredAsItsLast() throws Exception {
    try (Socket other = new Socket("localhost", server.actualPort());
        Socket socket = new Socket("localhost", server.actualPort())) {
      // Settings, and `GET / HTTP/2` to x.
      other
          .getOutputStream()
          .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      other
          .getOutputStream()
          .write(
              HexFormat.of()
                  .parseHex("000000040000000000" + "000006010500000001" + "828684410178"));
      endTheNext();
      socket.setSoTimeout(10_000);
      byte[] request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      socket.getOutputStream().write(request);
      endTheNext();
      BufferedReader answers =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      assertFalse(answer(answers).contains("connection: close"));
      CompletableFuture<Void> drained = drained();
      while (!drain.isStopping()) {
        Thread.onSpinWait();
      }
      Thread.sleep(400);
      assertFalse(drained.isDone());
      socket.getOutputStream().write(request);
      endTheNext();
      assertTrue(answer(answers).contains("connection: close"));
      assertEquals(-1, answers.read());
      drained.get();
      assertTrue(calls.isEmpty());
    }
  }

  /// So that nobody keeps a connection to a server that goes.
  @Test
  void drain_callOverHttp1DuringTheDelay_isAnsweredAsItsLast() throws Exception {
    ServeConfig patient =
        ServeConfig.from(
            new SmallRyeConfigBuilder().withDefaultValue("nunchi.shutdown-delay", "20S").build());
    Drain delayed = new Drain(patient, metrics, openCalls, doors);
    HttpServer its = listen(delayed);
    Thread draining = Thread.ofPlatform().start(() -> drain(delayed));
    try (Socket socket = new Socket("localhost", its.actualPort())) {
      while (draining.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      endTheNext();
      BufferedReader answers =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      assertTrue(answer(answers).contains("connection: close"));
      assertEquals(-1, answers.read());
    } finally {
      draining.interrupt();
      draining.join();
    }
  }

  private static void drain(Drain drain) {
    try {
      drain.drain();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// The headers of an answer that is `x`.
  private static List<String> answer(BufferedReader answers) throws IOException {
    assertEquals("HTTP/1.1 200 OK", answers.readLine());
    List<String> headers = new ArrayList<>();
    for (String line = answers.readLine(); !line.isEmpty(); line = answers.readLine()) {
      headers.add(line);
    }
    assertEquals('x', answers.read());
    return headers;
  }

  @Test
  void connection_whoseEventLoopIsBlocked_hasNotSentWhatItWasGiven() throws Exception {
    try (Socket socket = new Socket("localhost", server.actualPort())) {
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      ConnectionBase connection = (ConnectionBase) endTheNext().request().connection();
      CountDownLatch blocked = new CountDownLatch(1);
      connection
          .channelHandlerContext()
          .executor()
          .execute(() -> {
            try {
              blocked.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          });
      assertFalse(Transport.hasSentAll((HttpConnection) connection));
      blocked.countDown();
      while (!Transport.hasSentAll((HttpConnection) connection)) {
        Thread.onSpinWait();
      }
    }
  }

  private RoutingContext endTheNext() throws InterruptedException {
    RoutingContext call = calls.take();
    call.vertx().runOnContext(_ -> call.end("x"));
    return call;
  }

  /// On a thread of its own: the client completes its answers on the common pool, which may have
  /// one.
  private CompletableFuture<Void> drained() {
    return CompletableFuture.runAsync(
        () -> {
          try {
            drain.drain();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        },
        task -> Thread.ofPlatform().start(task));
  }

  private CompletableFuture<HttpResponse<String>> call(
      HttpClient caller, HttpClient.Version version) {
    return caller.sendAsync(
        HttpRequest.newBuilder(URI.create("http://localhost:" + server.actualPort()))
            .version(version)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
