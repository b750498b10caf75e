package dev.nunchi.serve;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A server of one event loop, which all connections share.
class Http2StreamsTest {
  private static final String LARGE = "v".repeat(1_000);

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Metrics metrics = new Metrics(registry);
  private final ServeConfig config = ServeConfig.from(new SmallRyeConfigBuilder().build());
  private final OpenCalls calls = new OpenCalls(config, metrics);
  private final MemoryShares shares = new MemoryShares(10_000);
  private MemoryShares bodies = new MemoryShares(40_000);
  private final AtomicInteger floods = new AtomicInteger();
  private final AtomicInteger floodsBefore = new AtomicInteger();
  private final AtomicInteger slowBytes = new AtomicInteger();
  private final AtomicInteger slowBytesBefore = new AtomicInteger();
  private final List<RawHttp2> connections = new ArrayList<>();
  private @Nullable Doors doors;
  private int port;

  private void listen(int mostConnections) throws Exception {
    Router router = Router.router(vertx);
    router.route().handler(new Http2Streams(metrics, shares)::begin).handler(this::answer);
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(0, "localhost")
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    port = server.actualPort();
    Doors opened = new Doors(vertx, config, calls, new OpenStreams(config), metrics, bodies);
    doors = opened;
    opened.serve(
        port,
        new ConnectionLimits(
            mostConnections, 0, Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1)));
    // The event loop that accepts has to have seen it.
    until(() -> {
      try (RawHttp2 connection = new RawHttp2(port, 1_000)) {
        return connection.isAlive() && opened.count() > 0;
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
    until(() -> opened.count() == 0);
  }

  @AfterEach
  void close() throws Exception {
    for (RawHttp2 connection : connections) {
      connection.close();
    }
    requireNonNull(doors).stop(new ShutdownEvent());
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private void answer(RoutingContext context) {
    switch (context.request().path()) {
      case "/flood" -> {
        floods.incrementAndGet();
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
      }
      case "/v1/classify" -> {
        OpenCalls.Call call = calls.add(context);
        context.addEndHandler(_ -> calls.remove(call));
        context.request().bodyHandler(_ -> context.response().end("answer"));
        return;
      }
      case "/body" -> {
        context.request().bodyHandler(_ -> context.response().end("answer"));
        return;
      }
      case "/large" -> {
        context.response().end("v".repeat(3_000));
        return;
      }
      case "/slow" -> {
        context
            .request()
            .handler(piece -> {
              slowBytes.addAndGet(piece.length());
              LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(300));
            });
        return;
      }
      case "/honest" -> {
        floodsBefore.set(floods.get());
        slowBytesBefore.set(slowBytes.get());
      }
      default -> {}
    }
    context.response().end("answer");
  }

  @Test
  void answers_thatAreNotLetIn_holdNoPlace() throws Exception {
    listen(4);
    for (int i = 0; i < 4; i++) {
      RawHttp2 stuck = connected(1);
      stuck.get(1, "/").send();
      stuck.await(RawHttp2.HEADERS);
    }
    RawHttp2 next = connected(1_000);
    next.get(1, "/").send();
    next.await(RawHttp2.HEADERS);
  }

  /// Netty would wait half a minute for the answer, and the limit be no limit meanwhile.
  @Test
  void connection_whosePlaceIsTaken_isGoneAtOnce() throws Exception {
    listen(2);
    double before = placesMade();
    RawHttp2 first = stuck();
    RawHttp2 second = stuck();
    RawHttp2 next = connected(1_000);
    next.get(1, "/").send();
    next.await(RawHttp2.HEADERS);
    long began = System.nanoTime();
    assertThrows(EOFException.class, () -> first.await(RawHttp2.RST_STREAM));
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    assertTrue(millis < 2_000, () -> "after " + millis + " ms");
    assertTrue(second.isAlive());
    assertEquals(1, placesMade() - before);
  }

  /// One that holds no call any more, and an answer that it does not let in.
  private RawHttp2 stuck() throws Exception {
    RawHttp2 stuck = connected(0);
    stuck.get(1, "/").send();
    stuck.await(RawHttp2.HEADERS);
    // By now the server has done with the request.
    assertTrue(stuck.isAlive());
    return stuck;
  }

  private double placesMade() {
    return registry.get("nunchi.connections.closed").tag("cause", "place").counter().count();
  }

  @Test
  void headers_ofAnswersThatAreNotLetIn_areBounded() throws Exception {
    listen(100);
    RawHttp2 hostile = connected(1);
    RawHttp2 honest = connected(1_000);
    for (int stream = 1; stream < 200; stream += 2) {
      hostile.get(stream, "/", "x-large", LARGE);
    }
    hostile.send();
    hostile.await(RawHttp2.RST_STREAM);
    honest.get(1, "/", "x-large", LARGE).send();
    honest.await(RawHttp2.HEADERS);
    assertTrue(shares.held() <= 12_000, "held: " + shares.held());
    assertTrue(
        registry.get("nunchi.rejections").tag("reason", "OVERLOADED").counter().count() >= 1);

    hostile.close();
    honest.close();
    until(() -> shares.held() == 0);
    assertEquals(0, shares.holders());
  }

  /// A few bytes ask for many.
  @Test
  void answers_thatAreNotLetIn_areBounded() throws Exception {
    listen(100);
    RawHttp2 hostile = connected(1);
    for (int stream = 1; stream < 41; stream += 2) {
      hostile.get(stream, "/large");
    }
    hostile.send();
    hostile.await(RawHttp2.RST_STREAM);
    assertTrue(shares.held() <= 12_000, "held: " + shares.held());
    until(() -> registry.find("nunchi.rejections").tag("reason", "OVERLOADED").counter() != null);
    RawHttp2 honest = connected(0xffff);
    honest.get(1, "/large").send();
    honest.await(RawHttp2.HEADERS);
    hostile.close();
    until(() -> shares.held() == 0 && shares.holders() == 0);
  }

  /// A path is kept as long as the headers are.
  @Test
  void paths_ofAnswersThatAreNotLetIn_areBounded() throws Exception {
    listen(100);
    RawHttp2 hostile = connected(1);
    for (int stream = 1; stream < 200; stream += 2) {
      hostile.get(stream, "/" + LARGE + stream);
    }
    hostile.send();
    hostile.await(RawHttp2.RST_STREAM);
    assertTrue(shares.held() <= 12_000, "held: " + shares.held());
  }

  /// Whoever holds nothing in between must not be counted twice, or not at all.
  @Test
  void holders_ofRequestsWithoutHeaders_areCountedOnceEach() throws Exception {
    listen(100);
    RawHttp2 connection = connected(1);
    connection.get(1, "/").get(3, "/", "x", "y").get(5, "/").send();
    until(() -> shares.held() > 0 && shares.holders() == 1);
    connection.reset(3).reset(1).send();
    assertTrue(connection.isAlive());
    assertEquals(1, shares.holders());
    connection.reset(5).send();
    until(() -> shares.held() == 0);
    assertEquals(0, shares.holders());
  }

  @Test
  void bodies_thatDoNotEnd_areBounded() throws Exception {
    listen(100);
    RawHttp2 hostile = connected(0xffff);
    for (int stream = 1; stream < 21; stream += 2) {
      hostile.post(stream, "/body", "application/json", new byte[6_000]);
    }
    hostile.send();
    hostile.await(RawHttp2.RST_STREAM);
    assertTrue(bodies.held() > 30_000 && bodies.held() <= 40_000, "held: " + bodies.held());
    try (Socket honest = new Socket("localhost", port)) {
      honest.setSoTimeout(10_000);
      honest
          .getOutputStream()
          .write(
              ("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + "v".repeat(5_000))
                  .getBytes(StandardCharsets.US_ASCII));
      byte[] answer = honest.getInputStream().readNBytes(15);
      assertEquals("HTTP/1.1 200 OK", new String(answer, StandardCharsets.US_ASCII));
    }
    hostile.close();
    until(() -> bodies.held() == 0);
    assertEquals(0, bodies.holders());
  }

  @Test
  void bodies_thatDoNotEndOverHttp1_areBounded() throws Exception {
    listen(100);
    byte[] half =
        ("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + "v".repeat(15_000))
            .getBytes(StandardCharsets.US_ASCII);
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Socket socket = new Socket("localhost", port);
      sockets.add(socket);
      socket.getOutputStream().write(half);
    }
    // The first two hold their share, with what was there before the others came.
    until(() -> requireNonNull(doors).count() < 8);
    assertTrue(bodies.held() <= 60_000, "held: " + bodies.held());
    for (Socket socket : sockets) {
      socket.close();
    }
    until(() -> bodies.held() == 0 && bodies.holders() == 0);
  }

  /// He who reads while he sends hears why, and what still comes of him is thrown away.
  @Test
  void bodyOverHttp1_thereIsNoMemoryFor_isRefusedInWords() throws Exception {
    listen(100);
    try (Socket hostile = new Socket("localhost", port)) {
      hostile.setSoTimeout(10_000);
      byte[] header =
          "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII);
      hostile.getOutputStream().write(header);
      hostile.getOutputStream().write(new byte[50_000]);
      byte[] answer = hostile.getInputStream().readNBytes(12);
      assertEquals("HTTP/1.1 429", new String(answer, StandardCharsets.US_ASCII));
      hostile.getOutputStream().write(new byte[40_000]);
      String words = new String(hostile.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(words.contains("try again later"), words);
    }
    assertEquals(
        1,
        registry
            .get("nunchi.rejections")
            .tags("protocol", "rest", "reason", "OVERLOADED")
            .counter()
            .count());
    until(() -> bodies.held() == 0 && bodies.holders() == 0 && calls.isEmpty());
  }

  /// Messages of gRPC are held until they are whole, however many a stream has.
  @Test
  void messages_ofAStream_holdNothingWhenTheyAreWhole() throws Exception {
    listen(100);
    RawHttp2 stream = connected(0xffff);
    byte[] two = new byte[10_010];
    two[3] = (byte) (5_000 >> 8);
    two[4] = (byte) 5_000;
    System.arraycopy(two, 0, two, 5_005, 5);
    stream.post(1, "/body", "application/grpc", two, two, Arrays.copyOf(two, 9_000)).send();
    until(() -> bodies.held() == 3_990);
    stream.reset(1).send();
    until(() -> bodies.held() == 0 && bodies.holders() == 0);
  }

  /// What comes in one piece would be begun in one go, while the others wait.
  @Test
  void calls_ofOneConnection_letThoseOfOthersIn() throws Exception {
    listen(100);
    RawHttp2 hostile = connected(0xffff);
    RawHttp2 honest = connected(0xffff);
    honest.get(1, "/").send();
    honest.await(RawHttp2.HEADERS);
    for (int stream = 1; stream < 6_000; stream += 2) {
      hostile.get(stream, "/flood");
    }
    hostile.send();
    until(() -> floods.get() > 0);
    honest.get(3, "/honest").send();
    honest.await(RawHttp2.HEADERS);
    assertTrue(floodsBefore.get() < 1_000, "begun before: " + floodsBefore.get());
    until(() -> floods.get() == 3_000);
  }

  /// What a socket holds would be read in one go, while the others wait.
  @Test
  void body_ofOneConnection_letsCallsOfOthersIn() throws Exception {
    bodies = new MemoryShares(1 << 28);
    listen(100);
    RawHttp2 honest = connected(0xffff);
    honest.get(1, "/").send();
    honest.await(RawHttp2.HEADERS);
    try (Socket hostile = new Socket("localhost", port)) {
      OutputStream out = hostile.getOutputStream();
      out.write(
          "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      Thread writer = Thread.ofPlatform().start(() -> flood(out));
      until(() -> slowBytes.get() > 1_000_000);
      honest.get(3, "/honest").send();
      int before = slowBytes.get();
      honest.await(RawHttp2.HEADERS);
      int meanwhile = slowBytesBefore.get() - before;
      assertTrue(meanwhile <= 3 * 65_536, "read before: " + meanwhile);
      hostile.close();
      writer.join();
    }
  }

  private static void flood(OutputStream out) {
    byte[] piece = new byte[100_000];
    try {
      while (true) {
        out.write(piece);
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private RawHttp2 connected(int window) throws IOException {
    RawHttp2 connection = new RawHttp2(port, window);
    connections.add(connection);
    return connection;
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < limit, "It does not come to pass");
      Thread.sleep(2);
    }
  }
}
