package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.EvidenceOptions;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.TruncationPolicy;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// `BatchClassify` and `POST /v1/classify:batch`.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class BatchClassifyTest {
  private static final String TEXT = "영화 정말 좋다!";
  private static final String LONG_TEXT = "영화 노래 음식 ".repeat(8);

  private ManagedChannel channel;
  private SentimentServiceGrpc.SentimentServiceBlockingStub client;

  @BeforeEach
  void connect() {
    channel = ServerUnderTest.channel();
    client = SentimentServiceGrpc.newBlockingStub(channel);
  }

  /// Whatever a test did, the server goes on answering.
  @AfterEach
  void serverIsAlive() throws InterruptedException {
    assertEquals("tiny", client.classify(request(TEXT)).getModel());
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(20, TimeUnit.SECONDS));
  }

  @Test
  void batch_textsOfMixedLength_answersInOrderAsClassifyDoes() {
    List<ClassifyRequest> requests =
        IntStream.range(0, 64).mapToObj(i -> request("영화 ".repeat(1 + i % 20))).toList();
    List<ClassifyResponse> answers = batch(requests);
    assertEquals(64, answers.size());
    for (int i = 0; i < requests.size(); i++) {
      ClassifyResponse alone = client.classify(requests.get(i));
      assertEquals(alone.getScoresList(), answers.get(i).getScoresList());
      assertEquals(alone.getTokenCount(), answers.get(i).getTokenCount());
    }
  }

  @Test
  void batch_requestsOfTwoModels_answersEachByItsOwn() {
    List<ClassifyResponse> answers =
        batch(
            Stream.of("other", "", "tiny", "other")
                .map(model -> request(TEXT).toBuilder().setModel(model).build())
                .toList());
    assertEquals(
        List.of("other", "tiny", "tiny", "other"),
        answers.stream().map(ClassifyResponse::getModel).toList());
  }

  @Test
  void batch_optionsOfRequests_areEachItsOwn() {
    List<ClassifyResponse> answers =
        batch(
            List.of(
                request(TEXT).toBuilder().setTopK(1).build(),
                request(TEXT).toBuilder().setAbstainBelow(0.99).build(),
                request("낯선 낱말"),
                request(TEXT).toBuilder().setEvidence(EvidenceOptions.getDefaultInstance()).build(),
                request(TEXT).toBuilder().setContext("노래 별로").setModel("context").build(),
                request(LONG_TEXT).toBuilder()
                    .setTruncation(TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD)
                    .build()));
    assertEquals(1, answers.get(0).getScoresCount());
    assertFalse(answers.get(0).getAbstained());
    assertTrue(answers.get(1).getAbstained());
    assertEquals("", answers.get(1).getLabel());
    assertEquals(0.5, answers.get(2).getUnknownTokenShare());
    assertTrue(answers.get(2).hasPolarity());
    assertEquals(3, answers.get(3).getEvidenceCount());
    assertTrue(answers.get(4).getContextUsed());
    assertTrue(answers.get(5).getTruncated());
    assertEquals(TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD, answers.get(5).getTruncation());
  }

  @Test
  void batchOverRest_requests_answersInOrder() {
    post("""
    {"requests": [
      {"text": "영화 정말 좋다!", "model": "other", "top_k": 2},
      {"text": "%s", "truncation": "keep_head", "abstain_below": 1}]}
    """
            .formatted(LONG_TEXT))
        .statusCode(200)
        .contentType("application/json")
        .body("responses.model", contains("other", "tiny"))
        .body("responses[0].label", equalTo("부정"))
        .body("responses[0].scores", hasSize(2))
        .body("responses.truncated", contains(false, true))
        .body("responses.abstained", contains(false, true))
        .body("responses.token_count", contains(6, 26));
  }

  /// The fourth request is the bad one.
  @ParameterizedTest(name = "{0}")
  @MethodSource
  void batch_oneBadRequest_isRefusedWholeByName(
      String name, ClassifyRequest bad, Status.Code code, String reason, String field) {
    List<ClassifyRequest> requests =
        List.of(request(TEXT), request(TEXT), request(TEXT), bad, request(TEXT));
    assertEquals(new Refusal(code, reason, "requests[3]." + field), refusal(requests));
  }

  static Stream<Arguments> batch_oneBadRequest_isRefusedWholeByName() {
    Status.Code invalid = Status.Code.INVALID_ARGUMENT;
    return Stream.of(
        Arguments.of("no text", request(""), invalid, "EMPTY_TEXT", "text"),
        Arguments.of("too many bytes", request("가".repeat(201)), invalid, "TEXT_TOO_LARGE", "text"),
        Arguments.of(
            "too many bytes of context",
            request(TEXT).toBuilder().setContext("가".repeat(201)).build(),
            invalid,
            "TEXT_TOO_LARGE",
            "context"),
        Arguments.of("too many tokens", request(LONG_TEXT), invalid, "TOO_MANY_TOKENS", "text"),
        Arguments.of(
            "unknown model",
            request(TEXT).toBuilder().setModel("nobody").build(),
            Status.Code.NOT_FOUND,
            "MODEL_NOT_FOUND",
            "model"),
        Arguments.of(
            "unknown policy",
            request(TEXT).toBuilder().setTruncationValue(99).build(),
            invalid,
            "INVALID_ARGUMENT",
            "truncation"),
        Arguments.of(
            "negative top_k",
            request(TEXT).toBuilder().setTopK(-1).build(),
            invalid,
            "INVALID_ARGUMENT",
            "top_k"),
        Arguments.of(
            "abstain_below over 1",
            request(TEXT).toBuilder().setAbstainBelow(1.1).build(),
            invalid,
            "INVALID_ARGUMENT",
            "abstain_below"));
  }

  @Test
  void batch_noneOrTooMany_isRefusedByName() {
    Refusal expected = new Refusal(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "requests");
    assertEquals(expected, refusal(List.of()));
    assertEquals(expected, refusal(Collections.nCopies(65, request(TEXT))));
  }

  @Test
  void batch_deadlineThatPasses_endsWithIt() {
    BatchClassifyRequest batch =
        BatchClassifyRequest.newBuilder().addRequests(request(TEXT)).build();
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () -> client.withDeadlineAfter(1, TimeUnit.MICROSECONDS).batchClassify(batch));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, refused.getStatus().getCode());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void batchOverRest_bad_isRefusedByName(
      String name, String body, int status, String reason, @Nullable String field) {
    post(body)
        .statusCode(status)
        .contentType("application/problem+json")
        .body("status", equalTo(status))
        .body("reason", equalTo(reason))
        .body("field", equalTo(field))
        .body("detail", not(containsString("영화")));
  }

  static Stream<Arguments> batchOverRest_bad_isRefusedByName() {
    String good = "{\"text\": \"영화\"}";
    return Stream.of(
        bad("no text", requests(good, "{}"), 400, "EMPTY_TEXT", "requests[1].text"),
        bad("null request", requests(good, "null"), 400, "EMPTY_TEXT", "requests[1].text"),
        bad(
            "too many bytes",
            requests(good, "{\"text\": \"" + "가".repeat(201) + "\"}"),
            413,
            "TEXT_TOO_LARGE",
            "requests[1].text"),
        bad(
            "too many tokens",
            requests("{\"text\": \"" + LONG_TEXT + "\"}"),
            400,
            "TOO_MANY_TOKENS",
            "requests[0].text"),
        bad(
            "unpaired surrogate",
            requests(good, "{\"text\": \"영화 \\ud83d\"}"),
            400,
            "INVALID_UTF8",
            "requests[1].text"),
        bad(
            "unknown model",
            requests(good, good, "{\"text\": \"영화\", \"model\": \"nobody\"}"),
            404,
            "MODEL_NOT_FOUND",
            "requests[2].model"),
        bad(
            "unknown policy",
            requests("{\"text\": \"영화\", \"truncation\": \"tail\"}"),
            400,
            "INVALID_ARGUMENT",
            "requests[0].truncation"),
        bad(
            "unknown field within",
            requests(good, "{\"text\": \"영화\", \"topK\": 1}"),
            400,
            "INVALID_ARGUMENT",
            "requests[1].topK"),
        bad(
            "text is a number",
            requests("{\"text\": 1}"),
            400,
            "INVALID_ARGUMENT",
            "requests[0].text"),
        bad("a request is a string", requests("\"영화\""), 400, "INVALID_ARGUMENT", "requests[0]"),
        bad(
            "top_k is negative",
            requests("{\"text\": \"영화\", \"top_k\": -1}"),
            400,
            "INVALID_ARGUMENT",
            "requests[0].top_k"),
        bad("unknown field", "{\"texts\": []}", 400, "INVALID_ARGUMENT", "texts"),
        bad("no requests", "{}", 400, "INVALID_ARGUMENT", "requests"),
        bad("null requests", "{\"requests\": null}", 400, "INVALID_ARGUMENT", "requests"),
        bad("empty requests", requests(), 400, "INVALID_ARGUMENT", "requests"),
        bad("requests is an object", "{\"requests\": {}}", 400, "INVALID_ARGUMENT", "requests"),
        bad(
            "too many requests",
            requests(Collections.nCopies(65, good).toArray(String[]::new)),
            400,
            "INVALID_ARGUMENT",
            "requests"),
        bad("not JSON", "{\"requests\": [", 400, "INVALID_ARGUMENT", null),
        bad("no body", "", 400, "INVALID_ARGUMENT", null),
        bad(
            "body too large",
            requests("{\"text\": \"" + "가".repeat(1_500_000) + "\"}"),
            413,
            "TEXT_TOO_LARGE",
            null));
  }

  @Test
  void batchOverRest_invalidUtf8_isRefused() {
    byte[] body = requests("{\"text\": \"?\"}").getBytes(StandardCharsets.UTF_8);
    body[new String(body, StandardCharsets.UTF_8).indexOf('?')] = (byte) 0xff;
    given()
        .urlEncodingEnabled(false)
        .contentType("application/json")
        .body(body)
        .post("/v1/classify:batch")
        .then()
        .statusCode(400)
        .body("reason", equalTo("INVALID_UTF8"));
  }

  private static Arguments bad(
      String name, String body, int status, String reason, @Nullable String field) {
    return Arguments.of(name, body, status, reason, field);
  }

  private static String requests(String... requests) {
    return Stream.of(requests).collect(Collectors.joining(", ", "{\"requests\": [", "]}"));
  }

  private static ValidatableResponse post(String body) {
    return given()
        .urlEncodingEnabled(false)
        .contentType("application/json; charset=UTF-8")
        .body(body)
        .post("/v1/classify:batch")
        .then();
  }

  private List<ClassifyResponse> batch(List<ClassifyRequest> requests) {
    return client
        .batchClassify(BatchClassifyRequest.newBuilder().addAllRequests(requests).build())
        .getResponsesList();
  }

  private Refusal refusal(List<ClassifyRequest> requests) {
    return Refusal.of(assertThrows(StatusRuntimeException.class, () -> batch(requests)));
  }

  private static ClassifyRequest request(String text) {
    return ClassifyRequest.newBuilder().setText(text).build();
  }
}
