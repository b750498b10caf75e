package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.EvidenceOptions;
import dev.nunchi.sentiment.v1.ListModelsRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc.SentimentServiceBlockingStub;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(LimitedServer.class)
@Timeout(60)
class LimitedServerTest {
  private static final String BODY = "{\"text\": \"영화 정말 좋다!\"}";
  private static final ClassifyRequest REQUEST =
      ClassifyRequest.newBuilder().setText("영화 정말 좋다!").build();

  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    channel = ServerUnderTest.channel();
  }

  @AfterEach
  void disconnect() {
    channel.shutdownNow();
  }

  @Test
  void classify_overTheRate_isRefusedWithAllThatACallerNeeds() throws Exception {
    SentimentServiceBlockingStub client = client("unary");
    for (int i = 0; i < 3; i++) {
      client.classify(REQUEST);
    }
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> client.classify(REQUEST));
    assertEquals(
        new Refusal(Status.Code.RESOURCE_EXHAUSTED, "RATE_LIMITED", null, true),
        Refusal.of(refused));
    QuotaFailure quota = detail(refused, QuotaFailure.class);
    assertEquals("token:unary", quota.getViolations(0).getSubject());
    long delay = Durations.toSeconds(detail(refused, RetryInfo.class).getRetryDelay());
    assertTrue(delay > 900 && delay <= 1_000, "delay: " + delay);
    assertEquals(
        "-1",
        refused
            .getTrailers()
            .get(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER)));
    // What is not counted goes on.
    assertTrue(client.listModels(ListModelsRequest.getDefaultInstance()).getModelsCount() > 0);
    given().get("/q/health/ready").then().statusCode(200);
    assertEquals(200, rest("free", BODY).extract().statusCode());
  }

  @Test
  void batchClassify_overTheRate_countsAllOrNone() throws Exception {
    SentimentServiceBlockingStub client = client("batch");
    client.batchClassify(batch(3));
    for (int i = 0; i < 3; i++) {
      assertEquals(
          new Refusal(Status.Code.RESOURCE_EXHAUSTED, "RATE_LIMITED", null, true),
          Refusal.of(
              assertThrows(StatusRuntimeException.class, () -> client.batchClassify(batch(3)))));
    }
    assertEquals(2, client.batchClassify(batch(2)).getResponsesCount());
    assertEquals(
        new Refusal(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "requests"),
        Refusal.of(
            assertThrows(StatusRuntimeException.class, () -> client.batchClassify(batch(6)))));
  }

  @Test
  void streamClassify_overTheRate_refusesTheItemInBand() throws Exception {
    StreamClient stream = StreamClient.open(as(channel, "stream"));
    for (int i = 0; i < 5; i++) {
      stream.send("item-" + i, REQUEST);
    }
    stream.halfClose();
    stream.end.get(20, TimeUnit.SECONDS);
    List<StreamClassifyResponse> refused =
        stream.answers.stream().filter(StreamClassifyResponse::hasError).toList();
    assertEquals(List.of("item-3", "item-4"), refused.stream().map(each -> each.getId()).toList());
    for (StreamClassifyResponse each : refused) {
      assertEquals(
          new Refusal(Status.Code.RESOURCE_EXHAUSTED, "RATE_LIMITED", null, true),
          Refusal.of(each.getError()));
    }
    assertEquals(3, stream.answers.size() - refused.size());
  }

  @Test
  void rest_overTheRate_is429WithRetryAfter() {
    for (int i = 0; i < 3; i++) {
      rest("rest", BODY).statusCode(200);
    }
    String seconds =
        rest("rest", BODY)
            .statusCode(429)
            .contentType("application/problem+json")
            .body("reason", equalTo("RATE_LIMITED"))
            .extract()
            .header("Retry-After");
    assertTrue(Long.parseLong(seconds) > 900 && Long.parseLong(seconds) <= 1_000, seconds);
  }

  @Test
  void rest_overTheDay_is429UntilMidnight() {
    post("daily", "/v1/classify:batch", "{\"requests\": [%s, %s, %s]}".formatted(BODY, BODY, BODY))
        .statusCode(200);
    post("daily", "/v1/classify:batch", "{\"requests\": [%s, %s]}".formatted(BODY, BODY))
        .statusCode(429)
        .body("reason", equalTo("QUOTA_EXCEEDED"));
    rest("daily", BODY).statusCode(200);
    String seconds =
        rest("daily", BODY)
            .statusCode(429)
            .body("reason", equalTo("QUOTA_EXCEEDED"))
            .extract()
            .header("Retry-After");
    assertTrue(Long.parseLong(seconds) >= 1 && Long.parseLong(seconds) <= 86_400, seconds);
  }

  /// What shows to be wrong before a text has its place in the queue costs its caller nothing; that
  /// it has too many tokens shows when its turn has come.
  @Test
  void classify_refusedForAnotherReason_isCountedOnceItIsQueued() {
    SentimentServiceBlockingStub client = client("careful");
    List<ClassifyRequest> wrong =
        List.of(
            REQUEST.toBuilder().setText(" ").build(),
            REQUEST.toBuilder().setText("영".repeat(600)).build(),
            REQUEST.toBuilder().setTopK(-1).build(),
            REQUEST.toBuilder().setModel("nobody").build());
    for (ClassifyRequest each : wrong) {
      assertFalse(reason(client, each).equals("RATE_LIMITED"));
    }
    client.classify(REQUEST);
    assertEquals(
        "TOO_MANY_TOKENS", reason(client, REQUEST.toBuilder().setText("영 ".repeat(90)).build()));
    assertEquals("RATE_LIMITED", reason(client, REQUEST));
    // What is wrong in itself is said first.
    assertEquals("EMPTY_TEXT", reason(client, wrong.getFirst()));
  }

  @Test
  void classify_withEvidence_countsTheRunsThatItMayTake() {
    SentimentServiceBlockingStub client = client("evidence");
    ClassifyRequest evidence =
        REQUEST.toBuilder().setEvidence(EvidenceOptions.getDefaultInstance()).build();
    // Three words: the whole text, and without each of them.
    client.classify(evidence);
    assertEquals("RATE_LIMITED", reason(client, evidence));
    client.batchClassify(batch(3));
    assertEquals("RATE_LIMITED", reason(client, REQUEST));
    assertEquals(
        new Refusal(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "evidence"),
        Refusal.of(
            assertThrows(
                StatusRuntimeException.class,
                () ->
                    client.classify(evidence.toBuilder().setText("이 영화 정말 아주 너무 좋다 정말").build()))));
  }

  @Test
  void tokens_ofOneName_haveOneCount() {
    client("old").classify(REQUEST);
    client("new").classify(REQUEST);
    assertEquals("RATE_LIMITED", reason(client("old"), REQUEST));
    assertEquals("RATE_LIMITED", reason(client("new"), REQUEST));
  }

  @Test
  void adminCalls_areNotCounted() {
    String admin = TinyModelResource.ADMIN_TOKEN;
    given()
        .header("Authorization", "Bearer " + admin)
        .contentType("application/json")
        .body(BODY)
        .post("/v1/classify")
        .then()
        .statusCode(200);
    for (int i = 0; i < 3; i++) {
      given()
          .header("Authorization", "Bearer " + admin)
          .post("/v1/models/nobody:reload")
          .then()
          .statusCode(404);
    }
    given()
        .header("Authorization", "Bearer " + admin)
        .contentType("application/json")
        .body(BODY)
        .post("/v1/classify")
        .then()
        .statusCode(429);
  }

  @Test
  void limits_fileChanges_isReadAgainAndTheCountsStay() throws Exception {
    rest("changing", BODY).statusCode(200);
    rest("changing", BODY).statusCode(429);
    String before = Files.readString(LimitedServer.limits());
    Files.writeString(
        LimitedServer.limits(),
        before.replace("token:changing texts-per-day=1", "token:changing texts-per-day=2"));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (rest("changing", BODY).extract().statusCode() != 200) {
      assertTrue(System.nanoTime() < end, "The limits are not read again");
      Thread.sleep(50);
    }
    rest("changing", BODY).statusCode(429);
    // A file of no use changes nothing.
    Files.writeString(LimitedServer.limits(), "token:changing texts-per-day=lots");
    Thread.sleep(600);
    rest("changing", BODY).statusCode(429);
    Files.writeString(LimitedServer.limits(), before);
  }

  @Test
  void metrics_ofRefusals_nameTheReasonAndNobody() {
    SentimentServiceBlockingStub client = client("old");
    for (int i = 0; i < 3; i++) {
      reason(client, REQUEST);
    }
    String metrics =
        given()
            .header("Authorization", "Bearer " + LimitedServer.token("free"))
            .get("/q/metrics")
            .then()
            .statusCode(200)
            .extract()
            .asString();
    assertTrue(
        metrics.contains("nunchi_rejections_total{protocol=\"grpc\",reason=\"RATE_LIMITED\"}"),
        metrics);
    assertFalse(metrics.contains("shared"), metrics);
  }

  private static ValidatableResponse rest(String name, String body) {
    return post(name, "/v1/classify", body);
  }

  private static ValidatableResponse post(String name, String path, String body) {
    return given()
        .urlEncodingEnabled(false)
        .header("Authorization", "Bearer " + LimitedServer.token(name))
        .contentType("application/json; charset=UTF-8")
        .body(body)
        .post(path)
        .then();
  }

  private static String reason(SentimentServiceBlockingStub client, ClassifyRequest request) {
    try {
      client.classify(request);
      return "OK";
    } catch (StatusRuntimeException e) {
      return Refusal.of(e).reason();
    }
  }

  private SentimentServiceBlockingStub client(String name) {
    return SentimentServiceGrpc.newBlockingStub(as(channel, name));
  }

  private static Channel as(ManagedChannel channel, String name) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "Bearer " + LimitedServer.token(name));
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static BatchClassifyRequest batch(int size) {
    BatchClassifyRequest.Builder batch = BatchClassifyRequest.newBuilder();
    for (int i = 0; i < size; i++) {
      batch.addRequests(REQUEST);
    }
    return batch.build();
  }

  private static <T extends Message> T detail(StatusRuntimeException refused, Class<T> kind)
      throws Exception {
    com.google.rpc.Status status = StatusProto.fromThrowable(refused);
    assertNotNull(status);
    for (Any each : status.getDetailsList()) {
      if (each.is(kind)) {
        return each.unpack(kind);
      }
    }
    throw new AssertionError("No " + kind + " in " + status);
  }
}
