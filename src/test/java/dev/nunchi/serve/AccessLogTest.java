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
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the log says of calls, and what neither it nor an answer may say.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class AccessLogTest {
  private static final String TEXT = "영화 정말 좋다!";
  private static final String MARK = "비밀스러운글";

  private ManagedChannel channel;
  private SentimentServiceGrpc.SentimentServiceBlockingStub client;
  private int seen;

  @BeforeEach
  void connect() throws IOException {
    channel = ServerUnderTest.channel();
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "Bearer " + GuardedServer.TOKEN);
    client =
        SentimentServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    seen = lines().size();
  }

  @AfterEach
  void disconnect() {
    channel.shutdownNow();
  }

  @Test
  void grpc_answered_isOneLine() throws Exception {
    Instant before = Instant.now().minusMillis(1);
    client.classify(ClassifyRequest.newBuilder().setText(TEXT).build());
    JsonNode line = next();
    assertEquals("grpc", line.path("protocol").asText());
    assertEquals("Classify", line.path("method").asText());
    assertEquals("tiny", line.path("model").asText());
    assertEquals("OK", line.path("code").asText());
    assertTrue(line.path("reason").isMissingNode());
    assertEquals(1, line.path("text_count").asInt());
    assertEquals(TEXT.getBytes(StandardCharsets.UTF_8).length, line.path("text_bytes").asInt());
    assertTrue(line.path("token_count").asInt() > 2, line.toString());
    assertTrue(line.path("duration_millis").asDouble() > 0);
    Instant time = Instant.parse(line.path("time").asText());
    assertFalse(time.isBefore(before.truncatedTo(java.time.temporal.ChronoUnit.MILLIS)));
    assertTrue(Duration.between(time, Instant.now()).toSeconds() < 60);
  }

  @Test
  void grpc_refused_saysCodeAndReason() throws Exception {
    assertThrows(
        StatusRuntimeException.class,
        () -> client.classify(ClassifyRequest.newBuilder().setText(" ").build()));
    assertLine(next(), "grpc", "Classify", "INVALID_ARGUMENT", "EMPTY_TEXT");
  }

  @Test
  void grpc_withoutToken_isLoggedAsRefused() throws Exception {
    assertThrows(
        StatusRuntimeException.class,
        () ->
            SentimentServiceGrpc.newBlockingStub(channel)
                .listModels(ListModelsRequest.getDefaultInstance()));
    assertLine(next(), "grpc", "ListModels", "UNAUTHENTICATED", "UNAUTHENTICATED");
  }

  @Test
  void grpc_deadline_isLogged() throws Exception {
    assertThrows(
        StatusRuntimeException.class,
        () ->
            client
                .withDeadlineAfter(1, TimeUnit.MILLISECONDS)
                .classify(ClassifyRequest.newBuilder().setText(TEXT).build()));
    // Whether it came at all depends on the moment; what comes after it does not.
    client.listModels(ListModelsRequest.getDefaultInstance());
    JsonNode line = next();
    while (!line.path("method").asText().equals("ListModels")) {
      line = next();
    }
    assertEquals("OK", line.path("code").asText());
  }

  @Test
  void grpc_batchAndStream_areOneLineEach() throws Exception {
    ClassifyRequest request = ClassifyRequest.newBuilder().setText(TEXT).build();
    client.batchClassify(
        BatchClassifyRequest.newBuilder().addRequests(request).addRequests(request).build());
    JsonNode batch = next();
    assertEquals("BatchClassify", batch.path("method").asText());
    assertEquals(2, batch.path("text_count").asInt());
    assertTrue(batch.path("token_count").asInt() > 4, batch.toString());
    StreamClient items = StreamClient.open(client.getChannel());
    for (String id : List.of("1", "2", "3")) {
      items.send(id, request);
    }
    items.halfClose();
    items.end.get(10, TimeUnit.SECONDS);
    JsonNode stream = next();
    assertEquals("StreamClassify", stream.path("method").asText());
    assertEquals("OK", stream.path("code").asText());
    assertEquals(3, stream.path("text_count").asInt());
    assertTrue(stream.path("token_count").asInt() > 6, stream.toString());
  }

  @Test
  void rest_answered_isOneLine() throws Exception {
    rest("{\"text\": \"" + TEXT + "\"}").then().statusCode(200);
    JsonNode line = next();
    assertEquals("rest", line.path("protocol").asText());
    assertEquals("Classify", line.path("method").asText());
    assertEquals("tiny", line.path("model").asText());
    assertEquals("OK", line.path("code").asText());
    assertEquals(1, line.path("text_count").asInt());
    assertTrue(line.path("token_count").asInt() > 2, line.toString());
  }

  @Test
  void rest_refused_saysCodeAndReason() throws Exception {
    rest("{\"text\": \"\"}").then().statusCode(400);
    assertLine(next(), "rest", "Classify", "INVALID_ARGUMENT", "EMPTY_TEXT");
    given().get("/v1/models").then().statusCode(401);
    assertLine(next(), "rest", "ListModels", "UNAUTHENTICATED", "UNAUTHENTICATED");
    authorized().get("/v1/models/nobody").then().statusCode(404);
    assertLine(next(), "rest", "GetModel", "NOT_FOUND", "MODEL_NOT_FOUND");
    authorized().get("/" + MARK + "?text=" + MARK).then().statusCode(404);
    assertLine(next(), "rest", "unknown", "NOT_FOUND", "INVALID_ARGUMENT");
  }

  @Test
  void healthMetricsAndPlayground_areNoCalls() throws Exception {
    given().get("/").then().statusCode(200);
    given().get("/q/health/ready").then().statusCode(200);
    authorized().get("/q/metrics").then().statusCode(200);
    HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
    authorized().get("/v1/models").then().statusCode(200);
    assertEquals("ListModels", next().path("method").asText());
  }

  @Test
  void failure_ofTheModel_isToldWithoutItsInside() throws Exception {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () ->
                client.classify(
                    ClassifyRequest.newBuilder().setText(TEXT).setModel("failing").build()));
    StringWriter all = new StringWriter();
    refused.printStackTrace(new PrintWriter(all));
    assertFalse((all + " " + refused.getTrailers()).contains("inner-secret"), all.toString());
    assertLine(next(), "grpc", "Classify", "INTERNAL", "INTERNAL");
    Response response = rest("{\"text\": \"" + TEXT + "\", \"model\": \"failing\"}");
    assertEquals(500, response.statusCode());
    assertEquals("INTERNAL", response.path("reason"));
    String answer = response.headers() + response.asString();
    assertFalse(answer.contains("inner-secret") || answer.contains("Exception"), answer);
    assertLine(next(), "rest", "Classify", "INTERNAL", "INTERNAL");
  }

  @Test
  void logs_ofCallsOfEveryKind_neverHoldATextOrAToken() throws Exception {
    List<String> logged = Collections.synchronizedList(new ArrayList<>());
    Handler handler = new Collecting(logged);
    Logger root = Logger.getLogger("");
    root.addHandler(handler);
    try {
      for (String model : List.of("tiny", "failing", MARK)) {
        for (String text : List.of(MARK, MARK + " 가".repeat(100), MARK + "가".repeat(300))) {
          ClassifyRequest request =
              ClassifyRequest.newBuilder().setText(text).setContext(MARK).setModel(model).build();
          try {
            client.classify(request);
          } catch (StatusRuntimeException e) {
            assertFalse(e.toString().contains(MARK), e.toString());
          }
          String body =
              "{\"text\": \"%s\", \"context\": \"%s\", \"model\": \"%s\"}"
                  .formatted(text, MARK, model);
          assertFalse(rest(body).asString().contains(MARK));
        }
      }
      assertFalse(rest("{\"text\": \"" + MARK).asString().contains(MARK));
      assertFalse(rest("{\"truncation\": \"" + MARK + "\"}").asString().contains(MARK));
      assertFalse(rest("\"" + MARK + "\"").asString().contains(MARK));
      given().header("Authorization", "Bearer " + MARK).get("/v1/models").then().statusCode(401);
    } finally {
      root.removeHandler(handler);
    }
    assertTrue(logged.stream().anyMatch(line -> line.contains("A call failed")), "it was logged");
    List<String> everything = new ArrayList<>(logged);
    everything.addAll(lines());
    for (String line : everything) {
      assertFalse(line.contains(MARK) || line.contains(GuardedServer.TOKEN), line);
    }
  }

  private static final class Collecting extends Handler {
    private final List<String> lines;

    Collecting(List<String> lines) {
      this.lines = lines;
    }

    @Override
    public void publish(LogRecord record) {
      StringWriter all = new StringWriter();
      all.append(String.valueOf(record.getMessage()));
      if (record.getParameters() != null) {
        all.append(List.of(record.getParameters()).toString());
      }
      if (record.getThrown() != null) {
        record.getThrown().printStackTrace(new PrintWriter(all));
      }
      lines.add(all.toString());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private static void assertLine(
      JsonNode line, String protocol, String method, String code, String reason) {
    assertEquals(protocol, line.path("protocol").asText(), line.toString());
    assertEquals(method, line.path("method").asText(), line.toString());
    assertEquals(code, line.path("code").asText(), line.toString());
    assertEquals(reason, line.path("reason").asText(), line.toString());
  }

  /// The line of the next call; it is written after the call was answered.
  private JsonNode next() throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (lines().size() <= seen) {
      assertTrue(System.nanoTime() < end, "There is no line");
      Thread.sleep(5);
    }
    return new ObjectMapper().readTree(lines().get(seen++));
  }

  private static List<String> lines() throws IOException {
    return Files.exists(GuardedServer.accessLog())
        ? Files.readAllLines(GuardedServer.accessLog())
        : List.of();
  }

  private static Response rest(String body) {
    return authorized().contentType("application/json").body(body).post("/v1/classify");
  }

  private static io.restassured.specification.RequestSpecification authorized() {
    return given().header("Authorization", "Bearer " + GuardedServer.TOKEN);
  }
}
