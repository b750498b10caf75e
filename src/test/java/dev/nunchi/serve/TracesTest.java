package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.RunListener;
import dev.nunchi.infer.RunReport;
import dev.nunchi.infer.RunReport.Share;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.infer.Workers;
import dev.nunchi.serve.CallTrace.Ended;
import dev.nunchi.serve.OtlpCollector.Link;
import dev.nunchi.serve.OtlpCollector.Span;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.common.Attributes;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The SDK as the server has it, with a collector on the other side.
@Timeout(60)
class TracesTest {
  private static final CallName CALL = new CallName(Protocol.REST, "Classify");
  private static final Ended ANSWERED = new Ended(Attributes.empty(), null, null);

  @TempDir private Path directory;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Vertx vertx = Vertx.vertx();
  private @Nullable HttpServerRequest request;

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip"})
  void export_overHttp_reachesTheCollectorWithHeaders(String compression) throws Exception {
    try (OtlpCollector collector = OtlpCollector.overHttp(0)) {
      try (Traces traces =
          open(
              collector.endpoint(),
              "http/protobuf",
              Map.of(
                  "otel.exporter.otlp.headers",
                  "authorization=Bearer%20token",
                  "otel.exporter.otlp.compression",
                  compression))) {
        call(traces).end(ANSWERED, new CallRecord());
      }
      assertEquals(List.of("POST /v1/classify"), names(collector));
      assertEquals("Bearer token", collector.headers().getFirst().get("Authorization"));
    }
    assertEquals(1, spans("sent"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip"})
  void export_overGrpc_reachesTheCollector(String compression) throws Exception {
    try (OtlpCollector collector = OtlpCollector.overGrpc(0)) {
      try (Traces traces =
          open(
              collector.endpoint(),
              "grpc",
              Map.of("otel.exporter.otlp.compression", compression))) {
        call(traces).end(ANSWERED, new CallRecord());
      }
      assertEquals(List.of("POST /v1/classify"), names(collector));
    }
    assertEquals(1, spans("sent"));
  }

  @Test
  void export_overGrpcWithTls_reachesACollectorWhoseAuthorityIsNamed() throws Exception {
    TestAuthority authority = new TestAuthority("authority");
    TestAuthority.Issued own = authority.issue(directory, "collector");
    Path trusted = authority.write(directory.resolve("authority.pem"));
    Path other = new TestAuthority("other").write(directory.resolve("other.pem"));
    try (OtlpCollector collector = OtlpCollector.overGrpc(own.certificate(), own.key())) {
      String endpoint = "https://localhost:" + collector.port();
      for (Path believed : List.of(other, trusted)) {
        try (Traces traces =
            open(endpoint, "grpc", Map.of("otel.exporter.otlp.certificate", believed.toString()))) {
          call(traces).end(ANSWERED, new CallRecord());
        }
      }
      assertEquals(List.of("POST /v1/classify"), names(collector));
    }
    assertEquals(List.of(1.0, 1.0), List.of(spans("failed"), spans("sent")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "http/protobuf"})
  void export_noCollector_losesSpansAndCountsThem(String protocol) throws Exception {
    try (Traces traces = open("http://127.0.0.1:" + freePort(), protocol, Map.of())) {
      long began = System.nanoTime();
      for (int i = 0; i < 10_000; i++) {
        call(traces).end(ANSWERED, new CallRecord());
      }
      // Far less: what is over the queue is dropped, and nothing waits.
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(20));
    }
    assertEquals(10_000, spans("made"));
    assertEquals(0, spans("sent"));
    assertTrue(spans("failed") > 0 && spans("failed") <= 10_000);
  }

  @Test
  void close_collectorThatNeverAnswers_doesNotWaitForIt() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      Traces traces = open("http://127.0.0.1:" + silent.getLocalPort(), "http/protobuf", Map.of());
      call(traces).end(ANSWERED, new CallRecord());
      long began = System.nanoTime();
      traces.close();
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(8));
    }
    assertEquals(0, spans("sent"));
  }

  @Test
  void run_ofTextsOfTwoCalls_isLinkedFromEachToTheOther() throws Exception {
    ServedModel model = model();
    try (OtlpCollector collector = OtlpCollector.overHttp(0)) {
      CallTrace first;
      CallTrace second;
      try (Traces traces = open(collector.endpoint(), "http/protobuf", Map.of())) {
        first = call(traces);
        second = call(traces);
        RunListener one = required(first.listener(model));
        RunListener other = required(second.listener(model));
        long now = System.nanoTime();
        one.ran(
            new RunReport(
                List.of(new Share(one, 2, now), new Share(other, 1, now)),
                now + 10_000,
                now + 20_000,
                now + 30_000,
                0,
                3,
                30,
                2,
                false,
                null));
        first.end(ANSWERED, new CallRecord());
        second.end(ANSWERED, new CallRecord());
      }
      Span shared = run(collector, first);
      Span others = run(collector, second);
      assertEquals(List.of(new Link(others.traceId(), others.spanId())), shared.links());
      assertEquals(List.of(new Link(shared.traceId(), shared.spanId())), others.links());
      assertEquals(List.of(3L, 3L), List.of(size(shared), size(others)));
      assertEquals(
          List.of(2L, 1L),
          List.of(shared.number("nunchi.text_count"), others.number("nunchi.text_count")));
      assertEquals(10_000, shared.end() - shared.start());
    }
  }

  @Test
  void text_whoseTurnCameTooLate_hasASpanOfItsWait() throws Exception {
    ServedModel model = model();
    try (OtlpCollector collector = OtlpCollector.overHttp(0)) {
      CallTrace call;
      try (Traces traces = open(collector.endpoint(), "http/protobuf", Map.of())) {
        call = call(traces);
        long now = System.nanoTime();
        required(call.listener(model)).expired(now, now + 5_000_000);
        call.end(ANSWERED, new CallRecord());
      }
      Span queue =
          collector.spansOf(call.traceId()).stream()
              .filter(span -> span.name().equals("nunchi.queue"))
              .findFirst()
              .orElseThrow();
      assertEquals(true, queue.attributes().get("nunchi.expired"));
      assertEquals(5_000_000, queue.end() - queue.start());
    }
  }

  @Test
  void sampler_thatKeepsNothing_hasNobodyListen() throws Exception {
    ServedModel model = model();
    try (OtlpCollector collector = OtlpCollector.overHttp(0)) {
      try (Traces traces =
          open(
              collector.endpoint(), "http/protobuf", Map.of("otel.traces.sampler", "always_off"))) {
        CallTrace call = call(traces);
        assertEquals(null, call.listener(model));
        call.end(ANSWERED, new CallRecord());
      }
      assertEquals(List.of(), collector.spans());
    }
    assertEquals(0, spans("made"));
  }

  @Test
  void open_settingThatTheSdkDoesNotTake_isRefusedInASentence() {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                open("http://127.0.0.1:1", "grpc", Map.of("otel.traces.sampler", "sometimes"))
                    .close());
    assertTrue(
        String.valueOf(refused.getMessage()).startsWith("Calls cannot be traced: ")
            && String.valueOf(refused.getMessage()).contains("sometimes"),
        refused::toString);
  }

  private static RunListener required(@Nullable RunListener listener) {
    assertNotNull(listener);
    return listener;
  }

  private static long size(Span run) {
    return run.number("nunchi.batch.size");
  }

  private static Span run(OtlpCollector collector, CallTrace call) {
    return collector.spansOf(call.traceId()).stream()
        .filter(span -> span.name().equals("nunchi.run"))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> names(OtlpCollector collector) {
    return collector.spans().stream().map(Span::name).toList();
  }

  private double spans(String outcome) {
    return registry.counter("nunchi.trace.spans", "outcome", outcome).count();
  }

  private ServedModel model() {
    return new ServedModel(
        "tiny",
        ModelLoader.load(
            TinyModel.write(directory.resolve("tiny")),
            new LoadOptions(Device.CPU, new Workers(OptionalInt.of(1), 16), OptionalInt.empty())));
  }

  private Traces open(String endpoint, String protocol, Map<String, String> more) {
    Map<String, String> properties = new HashMap<>(more);
    properties.put("otel.exporter.otlp.endpoint", endpoint);
    return Traces.open(
        new TracingConfig(endpoint, protocol, "", properties), new Metrics(registry));
  }

  private CallTrace call(Traces traces) throws Exception {
    return traces.begin(CALL, request());
  }

  private HttpServerRequest request() throws Exception {
    if (request == null) {
      CompletableFuture<HttpServerRequest> came = new CompletableFuture<>();
      int port =
          vertx
              .createHttpServer()
              .requestHandler(each -> {
                came.complete(each);
                each.response().end();
              })
              .listen(0, "127.0.0.1")
              .toCompletionStage()
              .toCompletableFuture()
              .get(10, TimeUnit.SECONDS)
              .actualPort();
      vertx
          .createHttpClient()
          .request(HttpMethod.POST, port, "127.0.0.1", "/v1/classify")
          .compose(each -> each.send())
          .toCompletionStage()
          .toCompletableFuture()
          .get(10, TimeUnit.SECONDS);
      request = came.get();
    }
    return request;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
