package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import com.google.rpc.ErrorInfo;
import dev.nunchi.infer.Classifier;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import dev.nunchi.serve.StagedModel.Stage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.path.json.JsonPath;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import jakarta.inject.Inject;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Calls that end early, in every way and at every stage: each ends once, with what the contract
/// says, and nothing is kept of it.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
@Timeout(60)
class EndOfCallsTest {
  private static final String SERVICE = "/nunchi.sentiment.v1.SentimentService/";
  private static final ClassifyRequest TEXT =
      ClassifyRequest.newBuilder().setText("영화 정말 좋다!").setModel("staged").build();
  private static final String JSON = "{\"text\": \"영화 정말 좋다!\", \"model\": \"staged\"}";
  private static final int TIMEOUT_MILLIS = 150;
  private static final int ITEMS = 40;

  /// How a text comes.
  private enum Door {
    UNARY(SERVICE + "Classify", framed(TEXT)),
    BATCH(
        SERVICE + "BatchClassify",
        framed(BatchClassifyRequest.newBuilder().addRequests(TEXT).addRequests(TEXT).build())),
    STREAM(
        SERVICE + "StreamClassify",
        framed(StreamClassifyRequest.newBuilder().setId("a").setRequest(TEXT).build())),
    REST("/v1/classify", Buffer.buffer(JSON)),
    REST_BATCH(
        "/v1/classify:batch", Buffer.buffer("{\"requests\": [%s, %s]}".formatted(JSON, JSON))),
    /// So large that it is read by another thread.
    REST_LARGE(
        "/v1/classify:batch",
        Buffer.buffer("{\"requests\": [%s%s, %s]}".formatted(" ".repeat(70 << 10), JSON, JSON)));

    final String path;
    final Buffer body;

    Door(String path, Buffer body) {
      this.path = path;
      this.body = body;
    }

    boolean isGrpc() {
      return path.startsWith(SERVICE);
    }

    /// As metrics name it.
    String method() {
      return switch (this) {
        case UNARY, REST -> "Classify";
        case STREAM -> "StreamClassify";
        case BATCH, REST_BATCH, REST_LARGE -> "BatchClassify";
      };
    }
  }

  /// What ends it.
  private enum End {
    STACK_OVERFLOW,
    LINKAGE,
    OUT_OF_MEMORY,
    CUT,
    CANCELLED,
    DEADLINE;

    boolean isError() {
      return compareTo(CUT) < 0;
    }

    Error error() {
      return switch (this) {
        case STACK_OVERFLOW -> new StackOverflowError("test");
        case LINKAGE -> new NoClassDefFoundError("test");
        default -> new OutOfMemoryError("test");
      };
    }
  }

  /// What becomes of a caller to whom an answer is on its way.
  private enum Reader {
    CUT,
    CANCELLED,
    /// Reads on, after a while.
    SLOW
  }

  /// What came back.
  ///
  /// @param status canonical code of gRPC, or status of HTTP
  /// @param items answers of a stream, as their codes and reasons
  private record Outcome(int status, @Nullable String reason, List<String> items) {}

  @Inject OpenCalls calls;
  @Inject OpenStreams streams;
  @Inject LongCalls longCalls;
  @Inject Http2Streams http2;
  @Inject Doors doors;
  @Inject ModelRegistry models;
  @Inject MeterRegistry registry;

  private final Vertx vertx = Vertx.vertx();
  private HttpClient client;
  private HttpClient other;

  @BeforeEach
  void connect() {
    client = client();
    other = client();
  }

  @AfterEach
  void stop() throws Exception {
    StagedModel.forget();
    StagedModel.release();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private HttpClient client() {
    return vertx.createHttpClient(
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setHttp2ClearTextUpgrade(false));
  }

  static Stream<Arguments> matrix() {
    List<Arguments> all = new ArrayList<>();
    for (Door door : Door.values()) {
      for (Stage stage : Stage.values()) {
        for (End end : End.values()) {
          // An answer is written in a moment; who is gone by then is seen at the stage before.
          if (stage != Stage.ANSWERING || end.isError()) {
            all.add(Arguments.of(door, stage, end));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("matrix")
  void call_endsEarly_endsOnceAndNothingIsKept(Door door, Stage stage, End end) throws Exception {
    // Beside ours there may be one that it waits for.
    int others = stage == Stage.WAITING && door == Door.REST ? 1 : 0;
    double before = counted(door);
    int calls = 1;
    if (end.isError()) {
      failed(door, stage, end);
    } else {
      calls = left(door, stage, end);
    }
    awaitNothingKept();
    double counts = before + others + calls;
    await("each is counted once", () -> counted(door) == counts);
    // Over a connection of its own: the client may not have heard yet that the other is closed.
    assertAnswered(
        door, call(client(), door, door.body, Duration.ZERO).answer().get(10, TimeUnit.SECONDS));
    awaitNothingKept();
  }

  private void failed(Door door, Stage stage, End end) throws Exception {
    if (stage == Stage.WAITING) {
      // What fails is the run before it.
      StagedModel.holdAt(Stage.RUNNING);
      CompletableFuture<Outcome> first = occupied();
      Call waiting = call(door, door.body, Duration.ZERO);
      awaitWaiting();
      StagedModel.failAt(Stage.RUNNING, end.error());
      StagedModel.release();
      // The first has gone on; the plan is for the next run, which is the first of ours.
      assertEquals(200, first.get(10, TimeUnit.SECONDS).status());
      assertFailed(door, Stage.RUNNING, waiting.answer().get(10, TimeUnit.SECONDS));
      return;
    }
    StagedModel.failAt(stage, end.error());
    assertFailed(
        door, stage, call(door, door.body, Duration.ZERO).answer().get(10, TimeUnit.SECONDS));
  }

  /// The caller goes, or his time is over, while his call is held.
  ///
  /// @return calls that he made: one, unless his time was over before one came to the stage
  private int left(Door door, Stage stage, End end) throws Exception {
    Duration timeout = end == End.DEADLINE ? Duration.ofMillis(TIMEOUT_MILLIS) : Duration.ZERO;
    @Nullable CompletableFuture<Outcome> first = null;
    Buffer body = door.body;
    if (stage == Stage.WAITING) {
      StagedModel.holdAt(Stage.RUNNING);
      first = occupied();
    } else if (stage == Stage.ADMISSION) {
      body = door.body.getBuffer(0, door.body.length() - 2);
    } else {
      StagedModel.holdAt(stage);
    }
    List<Call> made = new ArrayList<>();
    do {
      made.add(call(door, body, timeout));
    } while (!isThere(door, stage, end, made.getLast()));
    Call call = made.getLast();
    switch (end) {
      case CUT -> call.request().connection().close();
      case CANCELLED -> call.request().reset(8);
      default -> late(door, call);
    }
    if (stage == Stage.ADMISSION && end == End.DEADLINE) {
      // He still sends what nobody reads, and his headers are kept until he ends that.
      await("the body is held", () -> doors.heldBytes() == 0);
      call.request().reset(8);
    }
    if (stage != Stage.ADMISSION) {
      await("still waits", () -> classifier().waitingCount() == 0);
      StagedModel.release();
    }
    if (first != null) {
      assertEquals(200, first.get(10, TimeUnit.SECONDS).status());
    }
    return made.size();
  }

  /// Waits until a call is where it stays; with a deadline it may be refused on the way, as it
  /// would be late.
  ///
  /// @return false where its time was over before it came to where it would have been held
  private boolean isThere(Door door, Stage stage, End end, Call call) throws Exception {
    switch (stage) {
      case WAITING ->
          await("waits", () -> classifier().waitingCount() > 0 || call.answer().isDone());
      case ADMISSION -> await("is open", () -> !calls.isEmpty() || call.answer().isDone());
      default -> {
        await("comes to its stage", () -> StagedModel.isHeld() || call.answer().isDone());
        if (!StagedModel.isHeld()) {
          assertEquals(End.DEADLINE, end, "has an answer before it came to its stage");
          assertLate(door, call.answer().get());
          return false;
        }
      }
    }
    return true;
  }

  /// A caller of gRPC resets his call himself when its time is over, unless the server is faster.
  private static void late(Door door, Call call) throws Exception {
    if (door.isGrpc()) {
      Thread.sleep(TIMEOUT_MILLIS);
      if (door != Door.STREAM && !call.answer().isDone()) {
        call.request().reset(8);
        return;
      }
    }
    assertLate(door, call.answer().get(10, TimeUnit.SECONDS));
  }

  /// His time was over, or would be: the server refuses what it expects to be late with.
  private static void assertLate(Door door, Outcome outcome) {
    List<Integer> late = door.isGrpc() ? List.of(4, 8) : List.of(504, 429);
    assertTrue(late.contains(outcome.status()), outcome.toString());
  }

  /// Another caller's text holds the one worker.
  private CompletableFuture<Outcome> occupied() throws Exception {
    CompletableFuture<Outcome> first =
        call(other, Door.REST, Door.REST.body, Duration.ZERO).answer();
    StagedModel.awaitHeld();
    return first;
  }

  private static void assertFailed(Door door, Stage stage, Outcome outcome) {
    if (door == Door.STREAM && stage != Stage.ANSWERING) {
      // In band; the stream goes on.
      assertEquals(new Outcome(0, null, List.of("13 INTERNAL")), outcome);
    } else {
      assertEquals(new Outcome(door.isGrpc() ? 13 : 500, "INTERNAL", List.of()), outcome);
    }
  }

  private static void assertAnswered(Door door, Outcome outcome) {
    assertEquals(
        new Outcome(door.isGrpc() ? 0 : 200, null, door == Door.STREAM ? List.of("0") : List.of()),
        outcome);
  }

  static Stream<Arguments> readers() {
    return Stream.of(Door.values())
        .flatMap(door -> Stream.of(Reader.values()).map(reader -> Arguments.of(door, reader)));
  }

  /// The first byte of the answer has come, and the caller's window is closed.
  @ParameterizedTest
  @MethodSource("readers")
  void answer_waitsForItsCaller_nothingIsKeptInTheEnd(Door door, Reader reader) throws Exception {
    double before = counted(door);
    HttpClient slow =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setInitialSettings(new Http2Settings().setInitialWindowSize(1)));
    HttpClientRequest request = request(slow, door, Duration.ZERO);
    CompletableFuture<HttpClientResponse> headers =
        request
            .response()
            .map(response -> response.pause())
            .toCompletionStage()
            .toCompletableFuture();
    Future<Void> _ = request.end(door == Door.STREAM ? items(ITEMS) : door.body);
    HttpClientResponse response = headers.get(10, TimeUnit.SECONDS);
    assertTrue(http2.heldBytes() > 0);
    if (door == Door.STREAM) {
      // Each answer has to be taken before the next is given.
      await("answers wait", () -> streams.unansweredCount() == ITEMS - 1);
      await("are run", () -> classifier().expectedQueueDuration().isZero());
    } else {
      await("is counted", () -> counted(door) == before + 1);
    }
    // Nobody else waits for him.
    assertAnswered(
        door, call(other, door, door.body, Duration.ZERO).answer().get(10, TimeUnit.SECONDS));
    switch (reader) {
      case CUT -> request.connection().close();
      case CANCELLED -> request.reset(8);
      case SLOW ->
          assertEquals(
              new Outcome(
                  door.isGrpc() ? 0 : 200,
                  null,
                  door == Door.STREAM ? Collections.nCopies(ITEMS, "0") : List.of()),
              readOn(door, response).get(30, TimeUnit.SECONDS));
    }
    awaitNothingKept();
    await("are counted once", () -> counted(door) == before + 2);
  }

  private static CompletableFuture<Outcome> readOn(Door door, HttpClientResponse response) {
    Future<Outcome> outcome = outcome(door, response);
    response.resume();
    return outcome.toCompletionStage().toCompletableFuture();
  }

  /// Over HTTP/1.1, answers that nobody reads until the system takes no more of them.
  @ParameterizedTest
  @CsvSource({"REST, true", "REST, false", "REST_BATCH, true", "REST_BATCH, false"})
  void answersOverHttp1_fillTheSocket_nothingIsKeptInTheEnd(Door door, boolean cut)
      throws Exception {
    int connections = doors.count();
    double closed = closedUnread();
    ByteBuffer calls =
        ByteBuffer.wrap(
            ("POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        .formatted(door.path)
                    + "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
                        .formatted(GuardedServer.TOKEN, door.body.length(), door.body))
                .repeat(50)
                .getBytes(StandardCharsets.UTF_8));
    try (SocketChannel socket = SocketChannel.open()) {
      socket.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
      socket.setOption(StandardSocketOptions.SO_SNDBUF, 4096);
      socket.connect(new InetSocketAddress("localhost", ServerUnderTest.port()));
      socket.configureBlocking(false);
      await("is open", () -> doors.count() == connections + 1);
      double answered = -1;
      while (counted(door) != answered) {
        answered = counted(door);
        long until = System.nanoTime() + 500_000_000;
        while (System.nanoTime() < until) {
          if (socket.write(calls) == 0) {
            Thread.sleep(1);
          }
          if (!calls.hasRemaining()) {
            calls.rewind();
          }
        }
      }
      assertTrue(answered > 0);
      if (!cut) {
        await("is closed for what nobody reads", () -> closedUnread() > closed);
      }
    }
    // Those of tests before may have been closed meanwhile.
    await("is closed", () -> doors.count() <= connections);
    awaitNothingKept();
  }

  private double closedUnread() {
    return registry.get("nunchi.connections.closed").tag("cause", "write").counter().count();
  }

  /// Of which a server would gather more and more, as each client of health has one.
  @Test
  void watch_connectionBreaks_isLetGo() throws Exception {
    int before = longCalls.count();
    try (RawHttp2 connection = new RawHttp2(65_535)) {
      connection.callPath(1, "/grpc.health.v1.Health/Watch", new byte[0]).send();
      await("is open", () -> longCalls.count() == before + 1);
    }
    await("is kept", () -> longCalls.count() == before);
  }

  private void awaitNothingKept() throws InterruptedException {
    await("calls are open", calls::isEmpty);
    await("streams are open", () -> streams.count() == 0 && streams.unansweredCount() == 0);
    await("a caller holds streams", () -> streams.holderCount() == 0);
    await("places are taken", () -> classifier().waitingCount() == 0);
    await("something runs", () -> classifier().expectedQueueDuration().isZero());
    await("bodies are held", () -> doors.heldBytes() == 0);
    await("headers are held", () -> http2.heldBytes() == 0);
  }

  private void awaitWaiting() throws InterruptedException {
    await("waits", () -> classifier().waitingCount() > 0);
  }

  private Classifier classifier() {
    return models.named("staged").orElseThrow().classifier();
  }

  /// Calls that have ended.
  private double counted(Door door) {
    return registry
        .find("nunchi.requests")
        .tag("protocol", door.isGrpc() ? "grpc" : "rest")
        .tag("method", door.method())
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static void await(String what, BooleanSupplier reached) throws InterruptedException {
    long until = System.nanoTime() + 30_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertTrue(System.nanoTime() < until, what);
      Thread.sleep(1);
    }
  }

  private record Call(HttpClientRequest request, CompletableFuture<Outcome> answer) {}

  private Call call(Door door, Buffer body, Duration timeout) throws Exception {
    return call(client, door, body, timeout);
  }

  /// Sends a call, whose body is ended where it is whole.
  private static Call call(HttpClient client, Door door, Buffer body, Duration timeout)
      throws Exception {
    HttpClientRequest request = request(client, door, timeout);
    CompletableFuture<Outcome> answer =
        request
            .response()
            .compose(response -> outcome(door, response))
            .toCompletionStage()
            .toCompletableFuture();
    Future<Void> _ = body == door.body ? request.end(body) : request.write(body);
    return new Call(request, answer);
  }

  private static HttpClientRequest request(HttpClient client, Door door, Duration timeout)
      throws Exception {
    HttpClientRequest request =
        client
            .request(HttpMethod.POST, ServerUnderTest.port(), "localhost", door.path)
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    request
        .putHeader("content-type", door.isGrpc() ? "application/grpc" : "application/json")
        .putHeader("authorization", "Bearer " + GuardedServer.TOKEN)
        .putHeader("te", "trailers");
    if (!timeout.isZero()) {
      request.putHeader(
          door.isGrpc() ? "grpc-timeout" : "x-request-timeout-ms",
          timeout.toMillis() + (door.isGrpc() ? "m" : ""));
    }
    return request.setChunked(true);
  }

  private static Future<Outcome> outcome(Door door, HttpClientResponse response) {
    return response
        .body()
        .map(body -> {
          if (!door.isGrpc()) {
            return new Outcome(
                response.statusCode(),
                response.statusCode() < 400
                    ? null
                    : JsonPath.from(body.toString()).getString("reason"),
                List.of());
          }
          String status = either(response, "grpc-status");
          String details = either(response, "grpc-status-details-bin");
          return new Outcome(
              Integer.parseInt(status),
              details.isEmpty() ? null : reason(Base64.getDecoder().decode(details)),
              door == Door.STREAM ? items(body) : List.of());
        });
  }

  private static String either(HttpClientResponse response, String name) {
    String trailer = response.getTrailer(name);
    String header = response.getHeader(name);
    return trailer != null ? trailer : header != null ? header : "";
  }

  private static List<String> items(Buffer body) {
    List<String> items = new ArrayList<>();
    for (int at = 0; at < body.length(); ) {
      int length = body.getInt(at + 1);
      try {
        StreamClassifyResponse item =
            StreamClassifyResponse.parseFrom(body.getBytes(at + 5, at + 5 + length));
        items.add(
            item.hasError()
                ? item.getError().getCode() + " " + reason(item.getError().toByteArray())
                : "0");
      } catch (com.google.protobuf.InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
      at += 5 + length;
    }
    return items;
  }

  private static String reason(byte[] status) {
    try {
      return com.google.rpc.Status.parseFrom(status)
          .getDetails(0)
          .unpack(ErrorInfo.class)
          .getReason();
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static Buffer items(int count) {
    Buffer items = Buffer.buffer();
    for (int i = 0; i < count; i++) {
      items.appendBuffer(
          framed(StreamClassifyRequest.newBuilder().setId("item-" + i).setRequest(TEXT).build()));
    }
    return items;
  }

  private static Buffer framed(MessageLite message) {
    byte[] bytes = message.toByteArray();
    return Buffer.buffer().appendByte((byte) 0).appendInt(bytes.length).appendBytes(bytes);
  }
}
