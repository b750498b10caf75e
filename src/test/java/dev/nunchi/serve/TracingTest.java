package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ListModelsRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.serve.OtlpCollector.Span;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What reaches a collector of the calls that a server answers.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(TracedServer.class)
@Timeout(60)
class TracingTest {
  private static final String SERVICE = SentimentServiceGrpc.SERVICE_NAME + "/";
  private static final String TEXT = "영화 정말 좋다!";
  private static final String MARK = "비밀스러운글";
  private static final String CALLER_SPAN = "00f067aa0ba902b7";

  private static OtlpCollector collector;

  private final String traceId = randomTraceId();
  private ManagedChannel channel;

  @BeforeAll
  static void collect() throws IOException {
    collector = OtlpCollector.overHttp(TracedServer.collectorPort());
  }

  @AfterAll
  static void stopCollecting() {
    collector.close();
  }

  @BeforeEach
  void connect() {
    channel = ServerUnderTest.channel();
  }

  @AfterEach
  void disconnect() {
    channel.shutdownNow();
  }

  @Test
  void grpc_callInATrace_isAServerSpanOfItWithQueueAndRunBelow() throws Exception {
    client("01").classify(request(TEXT));
    List<Span> spans = collector.await(traceId);
    Span call = one(spans, SERVICE + "Classify");
    assertEquals(CALLER_SPAN, call.parentId());
    assertEquals("vendor=value", call.traceState());
    assertEquals(2, call.kind());
    assertEquals(0, call.status());
    assertHas(
        call,
        Map.of(
            "rpc.system.name",
            "grpc",
            "rpc.method",
            SERVICE + "Classify",
            "rpc.response.status_code",
            "OK",
            "server.port",
            (long) ServerUnderTest.port(),
            "nunchi.model.name",
            "tiny",
            "nunchi.text_count",
            1L,
            "nunchi.run_count",
            1L));
    Span queue = one(spans, "nunchi.queue");
    Span run = one(spans, "nunchi.run");
    assertEquals(List.of(call.spanId(), call.spanId()), List.of(queue.parentId(), run.parentId()));
    assertHas(run, Map.of("nunchi.model.name", "tiny", "nunchi.text_count", 1L));
    assertEquals(1L, run.attributes().get("nunchi.batch.size"));
    assertEquals(0L, run.attributes().get("nunchi.batch.padding_token_count"));
    assertTrue(run.number("nunchi.batch.token_count") > 2, run.toString());
    assertTrue(String.valueOf(run.attributes().get("nunchi.model.revision")).startsWith("sha256:"));
    assertTrue(
        call.start() <= queue.start()
            && queue.end() <= run.start()
            && run.start() < run.end()
            && run.end() <= call.end(),
        spans.toString());
    // By the caller's thread, and perhaps by a worker, who waited for it.
    assertTrue(spans.stream().anyMatch(span -> span.name().equals("nunchi.encode")));
    assertTrue(
        collector.resources().stream()
            .anyMatch(resource ->
                "nunchi".equals(resource.get("service.name"))
                    && resource.containsKey("service.version")
                    && "test".equals(resource.get("deployment.environment.name"))));
  }

  @Test
  void grpc_callInNoTrace_isTheFirstSpanOfOne() throws Exception {
    SentimentServiceGrpc.newBlockingStub(channel)
        .classify(ClassifyRequest.newBuilder().setText(TEXT).setModel("tiny").build());
    Span call =
        collector.await(span ->
            span.name().equals(SERVICE + "Classify")
                && span.parentId().isEmpty()
                && "tiny".equals(span.attributes().get("nunchi.model.name")));
    assertEquals(32, call.traceId().length());
  }

  @Test
  void grpc_batch_isOneServerSpanWhoseRunsHaveAllTexts() throws Exception {
    client("01")
        .batchClassify(
            BatchClassifyRequest.newBuilder()
                .addAllRequests(Collections.nCopies(5, request(TEXT)))
                .build());
    List<Span> spans = collector.await(traceId);
    Span call = one(spans, SERVICE + "BatchClassify");
    assertHas(call, Map.of("nunchi.text_count", 5L));
    List<Span> runs = spans.stream().filter(span -> span.name().equals("nunchi.run")).toList();
    assertEquals(5L, runs.stream().mapToLong(run -> run.number("nunchi.text_count")).sum());
    assertEquals((long) runs.size(), call.attributes().get("nunchi.run_count"));
    assertTrue(runs.stream().allMatch(run -> run.parentId().equals(call.spanId())));
  }

  @Test
  void grpc_stream_isOneServerSpanWithRunsAndRefusedItems() throws Exception {
    StreamClient stream =
        StreamClient.open(SentimentServiceGrpc.newStub(channel).withInterceptors(inTrace("01")));
    // One after the other, as two that come together may run together.
    stream.send("1", request(TEXT));
    stream.await(1);
    stream.send("2", request(" "));
    stream.await(2);
    stream.send("3", request(TEXT));
    stream.await(3);
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    List<Span> spans = collector.await(traceId);
    Span call = one(spans, SERVICE + "StreamClassify");
    assertEquals(CALLER_SPAN, call.parentId());
    assertHas(call, Map.of("rpc.response.status_code", "OK", "nunchi.run_count", 2L));
    assertEquals(
        List.of(
            new OtlpCollector.Event("nunchi.item.refused", Map.of("nunchi.reason", "EMPTY_TEXT"))),
        call.events());
    assertEquals(2, spans.stream().filter(span -> span.name().equals("nunchi.run")).count());
  }

  @Test
  void grpc_longStream_hasSpansOfItsFirstRunsAndCountsAll() throws Exception {
    StreamClient stream =
        StreamClient.open(SentimentServiceGrpc.newStub(channel).withInterceptors(inTrace("01")));
    int items = 3 * CallTrace.MOST_RUNS;
    for (int i = 0; i < items; i++) {
      stream.send("item " + i, request(TEXT));
      stream.await(i + 1);
    }
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    List<Span> spans = collector.await(traceId);
    assertHas(one(spans, SERVICE + "StreamClassify"), Map.of("nunchi.run_count", (long) items));
    assertEquals(
        CallTrace.MOST_RUNS,
        spans.stream().filter(span -> span.name().equals("nunchi.run")).count());
  }

  @Test
  void rest_callInATrace_isAServerSpanOfItWithQueueAndRunBelow() throws Exception {
    given()
        .header("traceparent", traceparent("01"))
        .contentType("application/json")
        .body("{\"text\": \"%s\"}".formatted(TEXT))
        .post("/v1/classify")
        .then()
        .statusCode(200);
    List<Span> spans = collector.await(traceId);
    Span call = one(spans, "POST /v1/classify");
    assertEquals(CALLER_SPAN, call.parentId());
    assertEquals(2, call.kind());
    assertHas(
        call,
        Map.of(
            "http.request.method", "POST",
            "http.route", "/v1/classify",
            "url.path", "/v1/classify",
            "url.scheme", "http",
            "network.protocol.version", "1.1",
            "http.response.status_code", 200L,
            "nunchi.code", "OK",
            "nunchi.text_count", 1L));
    assertEquals(call.spanId(), one(spans, "nunchi.run").parentId());
    assertEquals(call.spanId(), one(spans, "nunchi.queue").parentId());
  }

  @Test
  void rest_batch_isOneServerSpanWithRuns() throws Exception {
    given()
        .header("traceparent", traceparent("01"))
        .contentType("application/json")
        .body("{\"requests\": [{\"text\": \"%s\"}, {\"text\": \"%s\"}]}".formatted(TEXT, TEXT))
        .post("/v1/classify:batch")
        .then()
        .statusCode(200);
    List<Span> spans = collector.await(traceId);
    assertHas(one(spans, "POST /v1/classify:batch"), Map.of("nunchi.text_count", 2L));
    assertTrue(spans.stream().anyMatch(span -> span.name().equals("nunchi.run")));
  }

  @Test
  void rest_largeBody_isTracedThoughAnotherThreadReadsIt() throws Exception {
    given()
        .header("traceparent", traceparent("01"))
        .contentType("application/json")
        .body("{\"text\": \"%s\"}%s".formatted(TEXT, " ".repeat(100_000)))
        .post("/v1/classify")
        .then()
        .statusCode(200);
    List<Span> spans = collector.await(traceId);
    Span call = one(spans, "POST /v1/classify");
    assertHas(call, Map.of("nunchi.text_count", 1L, "nunchi.run_count", 1L));
    assertEquals(call.spanId(), one(spans, "nunchi.run").parentId());
  }

  @Test
  void calls_refused_sayWhyAndAreNoErrorsOfTheServer() throws Exception {
    assertThrows(StatusRuntimeException.class, () -> client("01").classify(request(" ")));
    Span grpc = one(collector.await(traceId), SERVICE + "Classify");
    assertHas(
        grpc,
        Map.of("rpc.response.status_code", "INVALID_ARGUMENT", "nunchi.reason", "EMPTY_TEXT"));
    assertEquals(0, grpc.status());
    String other = randomTraceId();
    given()
        .header("traceparent", "00-%s-%s-01".formatted(other, CALLER_SPAN))
        .get("/v1/models/" + MARK)
        .then()
        .statusCode(404);
    Span rest = one(collector.await(other), "GET /v1/models/{name}");
    assertHas(
        rest,
        Map.of(
            "http.response.status_code", 404L,
            "nunchi.reason", "MODEL_NOT_FOUND",
            "nunchi.code", "NOT_FOUND"));
    assertEquals(0, rest.status());
  }

  @Test
  void calls_onWhichTheServerFails_areErrorsWithoutItsInside() throws Exception {
    assertThrows(
        StatusRuntimeException.class,
        () ->
            client("01")
                .classify(ClassifyRequest.newBuilder().setText(TEXT).setModel("failing").build()));
    List<Span> spans = collector.await(traceId);
    Span call = one(spans, SERVICE + "Classify");
    assertEquals(2, call.status(), call::toString);
    assertHas(call, Map.of("error.type", "INTERNAL", "nunchi.reason", "INTERNAL"));
    Span run = one(spans, "nunchi.run");
    assertEquals(2, run.status());
    assertHas(run, Map.of("error.type", "java.lang.AssertionError"));
    assertFalse(collector.holds("inner-secret"), spans.toString());
    String other = randomTraceId();
    given()
        .header("traceparent", "00-%s-%s-01".formatted(other, CALLER_SPAN))
        .contentType("application/json")
        .body("{\"text\": \"%s\", \"model\": \"failing\"}".formatted(TEXT))
        .post("/v1/classify")
        .then()
        .statusCode(500);
    Span rest = one(collector.await(other), "POST /v1/classify");
    assertEquals(2, rest.status());
    assertHas(rest, Map.of("error.type", "500"));
  }

  @Test
  void calls_inATraceThatIsNotSampled_areNotSentButNamedInTheLog() throws Exception {
    client("00").classify(request(TEXT));
    JsonNode line = lineOf(traceId);
    assertEquals("Classify", line.path("method").asText());
    given()
        .header("traceparent", traceparent("00"))
        .contentType("application/json")
        .body("{\"text\": \"%s\"}".formatted(TEXT))
        .post("/v1/classify")
        .then()
        .statusCode(200);
    // What comes after them has come to the collector.
    String sampled = randomTraceId();
    given()
        .header("traceparent", "00-%s-%s-01".formatted(sampled, CALLER_SPAN))
        .get("/v1/models")
        .then()
        .statusCode(200);
    collector.await(sampled);
    assertEquals(List.of(), collector.spansOf(traceId));
  }

  @Test
  void headers_thatAreNoTrace_beginOne() throws Exception {
    given()
        .header("traceparent", "00-" + MARK)
        .header("tracestate", MARK)
        .get("/v1/models")
        .then()
        .statusCode(200);
    Span call =
        collector.await(span -> span.name().equals("GET /v1/models") && span.parentId().isEmpty());
    assertEquals("", call.traceState());
  }

  @Test
  void healthMetricsAndPlayground_areNoCalls() throws Exception {
    given().header("traceparent", traceparent("01")).get("/q/health/ready").then().statusCode(200);
    given().header("traceparent", traceparent("01")).get("/q/metrics").then().statusCode(200);
    given().header("traceparent", traceparent("01")).get("/").then().statusCode(200);
    HealthGrpc.newBlockingStub(channel)
        .withInterceptors(inTrace("01"))
        .check(HealthCheckRequest.getDefaultInstance());
    client("01").listModels(ListModelsRequest.getDefaultInstance());
    List<Span> spans = collector.await(traceId);
    assertEquals(List.of(SERVICE + "ListModels"), spans.stream().map(Span::name).toList());
  }

  @Test
  void everythingThatIsSent_ofCallsOfEveryKind_neverHoldsAText() throws Exception {
    for (String model : List.of("tiny", "failing", MARK)) {
      for (String text : List.of(MARK, MARK + " 가".repeat(100), MARK + "가".repeat(300))) {
        ClassifyRequest request =
            ClassifyRequest.newBuilder().setText(text).setContext(MARK).setModel(model).build();
        try {
          client("01").classify(request);
          client("01")
              .batchClassify(BatchClassifyRequest.newBuilder().addRequests(request).build());
        } catch (StatusRuntimeException e) {
          // That it is refused is told elsewhere.
        }
        given()
            .header("traceparent", traceparent("01"))
            .header("user-agent", "agent-" + "marked-words")
            .contentType("application/json")
            .body(
                "{\"text\": \"%s\", \"context\": \"%s\", \"model\": \"%s\"}"
                    .formatted(text, MARK, model))
            .post("/v1/classify?text=marked-words");
      }
    }
    StreamClient stream =
        StreamClient.open(SentimentServiceGrpc.newStub(channel).withInterceptors(inTrace("01")));
    stream.send(MARK, request(MARK));
    stream.send("marked-words", request(MARK + "가".repeat(300)));
    stream.await(2);
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    given().header("traceparent", traceparent("01")).get("/marked-words?text=marked-words");
    given().header("traceparent", traceparent("01")).get("/v1/models/marked-words");
    given().header("traceparent", traceparent("01")).body("marked-words").put("/v1/classify");
    String last = randomTraceId();
    given()
        .header("traceparent", "00-%s-%s-01".formatted(last, CALLER_SPAN))
        .get("/v1/models")
        .then()
        .statusCode(200);
    collector.await(last);
    assertTrue(collector.spansOf(traceId).size() > 20);
    assertFalse(collector.holds(MARK));
    assertFalse(collector.holds("marked-words"));
  }

  @Test
  void logs_ofACall_nameItsTraceAndSpan() throws Exception {
    List<Map<String, String>> logged = new CopyOnWriteArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            if (String.valueOf(record.getMessage()).equals("A call failed")) {
              logged.add(ExtLogRecord.wrap(record).getMdcCopy());
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger root = Logger.getLogger("");
    root.addHandler(handler);
    try {
      assertThrows(
          StatusRuntimeException.class,
          () ->
              client("01")
                  .classify(
                      ClassifyRequest.newBuilder().setText(TEXT).setModel("failing").build()));
    } finally {
      root.removeHandler(handler);
    }
    Span call = one(collector.await(traceId), SERVICE + "Classify");
    JsonNode line = lineOf(traceId);
    assertEquals(call.spanId(), line.path("span_id").asText());
    assertEquals(
        List.of(traceId, call.spanId()),
        List.of(logged.getFirst().get("traceId"), logged.getFirst().get("spanId")));
  }

  @Test
  void metrics_ofSpans_countThoseThatWereMadeAndSent() throws Exception {
    client("01").classify(request(TEXT));
    collector.await(traceId);
    String metrics = given().get("/q/metrics").asString();
    assertTrue(metrics.contains("nunchi_trace_spans_total{outcome=\"made\"}"), metrics);
    assertTrue(metrics.contains("nunchi_trace_spans_total{outcome=\"sent\"}"), metrics);
    assertTrue(metrics.contains("nunchi_trace_spans_total{outcome=\"failed\"}"), metrics);
  }

  private SentimentServiceGrpc.SentimentServiceBlockingStub client(String flags) {
    return SentimentServiceGrpc.newBlockingStub(channel).withInterceptors(inTrace(flags));
  }

  private ClientInterceptor inTrace(String flags) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), traceparent(flags));
    headers.put(Metadata.Key.of("tracestate", Metadata.ASCII_STRING_MARSHALLER), "vendor=value");
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  private String traceparent(String flags) {
    return "00-%s-%s-%s".formatted(traceId, CALLER_SPAN, flags);
  }

  private static ClassifyRequest request(String text) {
    return ClassifyRequest.newBuilder().setText(text).build();
  }

  private static Span one(List<Span> spans, String name) {
    List<Span> named = spans.stream().filter(span -> span.name().equals(name)).toList();
    assertEquals(1, named.size(), () -> name + " among " + spans);
    return named.getFirst();
  }

  private static void assertHas(Span span, Map<String, Object> attributes) {
    attributes.forEach((name, value) ->
        assertEquals(value, span.attributes().get(name), () -> name + " of " + span));
  }

  private static JsonNode lineOf(String traceId) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (System.nanoTime() < until) {
      if (Files.exists(TracedServer.accessLog())) {
        for (String line : Files.readAllLines(TracedServer.accessLog())) {
          JsonNode json = new ObjectMapper().readTree(line);
          if (json.path("trace_id").asText().equals(traceId)) {
            return json;
          }
        }
      }
      Thread.sleep(5);
    }
    throw new AssertionError("There is no line of " + traceId);
  }

  private static String randomTraceId() {
    byte[] bytes = new byte[16];
    ThreadLocalRandom.current().nextBytes(bytes);
    bytes[0] |= 1;
    return HexFormat.of().formatHex(bytes);
  }
}
