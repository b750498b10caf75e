package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.config.JsonConfig;
import io.restassured.config.RestAssuredConfig;
import io.restassured.path.json.config.JsonPathConfig.NumberReturnType;
import io.restassured.response.ValidatableResponse;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class SentimentResourceTest {
  private static final String LONG_TEXT = "영화 노래 음식 ".repeat(8);

  /// Whatever a test did, the server goes on answering.
  @AfterEach
  void serverIsAlive() {
    classify("{\"text\": \"영화 정말 좋다!\"}").statusCode(200);
  }

  @Test
  void reload_withTheTokenForIt_opensTheModelAnew() {
    String revision =
        given()
            .urlEncodingEnabled(false)
            .header("Authorization", "Bearer " + TinyModelResource.ADMIN_TOKEN)
            .post("/v1/models/other:reload")
            .then()
            .statusCode(200)
            .body("name", equalTo("other"))
            .extract()
            .path("revision");
    given().get("/v1/models/other").then().body("revision", equalTo(revision));
    given()
        .urlEncodingEnabled(false)
        .header("Authorization", "Bearer " + TinyModelResource.ADMIN_TOKEN)
        .post("/v1/models/nobody:reload")
        .then()
        .statusCode(404)
        .body("reason", equalTo("MODEL_NOT_FOUND"));
  }

  @Test
  void reload_withoutTheTokenForIt_isRefused() {
    for (String path : List.of("/v1/models/other:reload", "/v1/models/other%3Areload")) {
      given()
          .urlEncodingEnabled(false)
          .header("Authorization", "Bearer another-token-0123456789")
          .post(path)
          .then()
          .statusCode(401)
          .body("reason", equalTo("UNAUTHENTICATED"));
    }
  }

  @Test
  void classify_text_answersAsTransformersDoes() {
    classify("{\"text\": \"영화 정말 좋다!\"}")
        .statusCode(200)
        .contentType("application/json")
        .body("label", equalTo("부정"))
        // softmax((0.8226299, -0.2314023, 0.4356730) / 2)
        .body("confidence", closeTo(0.41417, 1e-4))
        .body("scores.label", contains("부정", "긍정", "중립"))
        .body("scores[2].score", closeTo(0.24451, 1e-4))
        .body("polarity", closeTo(0.34131 - 0.41417, 1e-4))
        .body("token_count", equalTo(6))
        .body("truncated", equalTo(false))
        .body("$", not(hasKey("truncation")))
        .body("unknown_token_share", closeTo(0, 0))
        .body("model", equalTo("tiny"))
        .body("model_revision", startsWith("sha256:"))
        .body("abstained", equalTo(false))
        .body("context_used", equalTo(false))
        .body("timings.queue_duration", matchesPattern("[0-9]+\\.[0-9]{9}s"))
        .body("timings.inference_duration", matchesPattern("[0-9]+\\.[0-9]{9}s"))
        .body("timings.total_duration", matchesPattern("[0-9]+\\.[0-9]{9}s"));
  }

  @Test
  void classify_text_putsFirstWhatIsLookedForFirst() {
    String body = classify("{\"text\": \"영화\"}").extract().asString();
    assertTrue(body.startsWith("{\"label\":\"부정\",\"confidence\":0."), body);
  }

  @Test
  void classify_allFields_areUsed() {
    classify(
            """
            {"text": "%s", "model": "other", "context": null, "truncation": "keep_head_and_tail",
             "top_k": 2, "abstain_below": 1}
            """
                .formatted(LONG_TEXT))
        .statusCode(200)
        .body("model", equalTo("other"))
        .body("scores", hasSize(2))
        .body("truncated", equalTo(true))
        .body("truncation", equalTo("keep_head_and_tail"))
        .body("token_count", equalTo(26))
        .body("abstained", equalTo(true))
        .body("label", equalTo(""));
  }

  @Test
  void classify_evidence_listsSpansOfTheTextAsSent() {
    classify(
            """
            {"text": "😀 영화  정말 좋다!", "evidence": {"max_span_count": 10}}
            """)
        .statusCode(200)
        .body("evidence", hasSize(4))
        .body("evidence.utf16_start", containsInAnyOrder(0, 3, 7, 10))
        .body("evidence.utf16_end", containsInAnyOrder(2, 5, 9, 13))
        .body("evidence.code_point_start", containsInAnyOrder(0, 2, 6, 9))
        .body("evidence.code_point_end", containsInAnyOrder(1, 4, 8, 12))
        .body("evidence[0].weight", not(closeTo(0, 0)));
    classify("{\"text\": \"이 영화 정말 아주 좋다\", \"evidence\": {}}").body("evidence", hasSize(3));
    classify("{\"text\": \"영화\", \"evidence\": null}").body("$", not(hasKey("evidence")));
  }

  @Test
  void classify_context_isUsedWhereTheModelTakesIt() {
    classify("{\"text\": \"영화 정말 좋다!\", \"context\": \"노래 별로\", \"model\": \"context\"}")
        .statusCode(200)
        .body("context_used", equalTo(true))
        .body("token_count", equalTo(9));
  }

  /// Composed, or decomposed as a Mac writes it.
  @ParameterizedTest
  @EnumSource(Normalizer.Form.class)
  void model_koreanName_isFound(Normalizer.Form form) {
    String name = Normalizer.normalize("극장", form);
    classify("{\"text\": \"좋다\", \"model\": \"%s\"}".formatted(name))
        .statusCode(200)
        .body("model", equalTo("극장"));
    exact().get("/v1/models/{name}", name).then().statusCode(200).body("name", equalTo("극장"));
  }

  /// Over the bounds of the reader, whose failures say no place of their own.
  @ParameterizedTest(name = "{0}")
  @MethodSource
  void classify_jsonOverABound_isRefusedWithItsPlace(String name, String body, String why) {
    classify(body)
        .statusCode(400)
        .body("reason", equalTo("INVALID_ARGUMENT"))
        .body("detail", matchesPattern("The body has " + why + " at line 1, column [0-9]+"));
    batch("{\"requests\": [" + body + "]}")
        .statusCode(400)
        .body("reason", equalTo("INVALID_ARGUMENT"))
        .body("detail", matchesPattern("The body has " + why + " at line 1, column [0-9]+"));
  }

  /// 4 MB, of which no more than the first kilobytes are read.
  @ParameterizedTest
  @ValueSource(strings = {"{}", "1", "[]", "null", "\"\""})
  void batch_moreThanAMillionRequests_isRefusedAtTheLimit(String request) {
    int count = 4_000_000 / (request.length() + 1);
    batch("{\"requests\": [" + (request + ",").repeat(count) + request + "]}")
        .statusCode(400)
        .body("reason", equalTo("INVALID_ARGUMENT"));
  }

  /// Refused at its first level, as no field is a list.
  @Test
  void classify_deepList_isRefused() {
    classify("[".repeat(100_000)).statusCode(400);
    classify("{\"text\": " + "[".repeat(100_000)).statusCode(400).body("field", equalTo("text"));
  }

  @Test
  void batch_largestThatIsTaken_isAnswered() {
    String request =
        "{\"text\": \"영화\", \"model\": \"tiny\", \"context\": \"노래\", \"truncation\": \"reject\","
            + " \"top_k\": 1, \"abstain_below\": 0.1, \"evidence\": {\"max_span_count\": 1}%s}";
    // Large enough to be read elsewhere.
    String padded = request.formatted(" ".repeat(2_000));
    batch("{\"requests\": [" + (padded + ",").repeat(63) + padded + "]}")
        .statusCode(200)
        .body("responses", hasSize(64));
  }

  private static ValidatableResponse batch(String body) {
    return exact()
        .urlEncodingEnabled(false)
        .contentType("application/json; charset=UTF-8")
        .body(body)
        .post("/v1/classify:batch")
        .then();
  }

  static Stream<Arguments> classify_jsonOverABound_isRefusedWithItsPlace() {
    String number = "a number of more than 400 digits";
    String name = "a name of more than 1000 characters";
    String levels = "more than 100 levels";
    return Stream.of(
        Arguments.of("long number", "{\"top_k\": " + "1".repeat(100_000) + "}", number),
        Arguments.of("long fraction", "{\"abstain_below\": 0." + "1".repeat(100_000) + "}", number),
        Arguments.of("long negative", "{\"abstain_below\": -" + "1".repeat(100_000) + "}", number),
        Arguments.of("long name", "{\"" + "a".repeat(100_000) + "\": 1}", name),
        Arguments.of(
            "long name within", "{\"evidence\": {\"" + "가".repeat(2_000) + "\": 1}}", name),
        Arguments.of("deep object", "{\"evidence\": ".repeat(100_000), levels));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void classify_badRequest_isRefusedByName(
      String name, String body, int status, String reason, @Nullable String field) {
    assertProblem(classify(body), status, reason, field);
  }

  static Stream<Arguments> classify_badRequest_isRefusedByName() {
    return Stream.of(
        Arguments.of("no text", "{}", 400, "EMPTY_TEXT", "text"),
        Arguments.of("null text", "{\"text\": null}", 400, "EMPTY_TEXT", "text"),
        Arguments.of("blank text", "{\"text\": \" \\t\\u3000\"}", 400, "EMPTY_TEXT", "text"),
        Arguments.of("only invisible", "{\"text\": \"\\u200b\"}", 400, "EMPTY_TEXT", "text"),
        Arguments.of(
            "too many bytes",
            "{\"text\": \"" + "가".repeat(201) + "\"}",
            413,
            "TEXT_TOO_LARGE",
            "text"),
        Arguments.of(
            "too many bytes of context",
            "{\"text\": \"영화\", \"context\": \"" + "가".repeat(201) + "\"}",
            413,
            "TEXT_TOO_LARGE",
            "context"),
        Arguments.of(
            "too many tokens", "{\"text\": \"" + LONG_TEXT + "\"}", 400, "TOO_MANY_TOKENS", "text"),
        Arguments.of(
            "unpaired surrogate", "{\"text\": \"영화 \\ud83d\"}", 400, "INVALID_UTF8", "text"),
        Arguments.of(
            "unknown model",
            "{\"text\": \"영화\", \"model\": \"nobody\"}",
            404,
            "MODEL_NOT_FOUND",
            "model"),
        Arguments.of(
            "unknown policy",
            "{\"text\": \"영화\", \"truncation\": \"tail\"}",
            400,
            "INVALID_ARGUMENT",
            "truncation"),
        Arguments.of(
            "unknown field", "{\"text\": \"영화\", \"topK\": 1}", 400, "INVALID_ARGUMENT", "topK"),
        Arguments.of(
            "unknown field within",
            "{\"text\": \"영화\", \"evidence\": {\"spans\": 1}}",
            400,
            "INVALID_ARGUMENT",
            "evidence.spans"),
        Arguments.of("text is a number", "{\"text\": 1}", 400, "INVALID_ARGUMENT", "text"),
        Arguments.of(
            "top_k is a string",
            "{\"text\": \"영화\", \"top_k\": \"1\"}",
            400,
            "INVALID_ARGUMENT",
            "top_k"),
        Arguments.of(
            "top_k is a fraction",
            "{\"text\": \"영화\", \"top_k\": 1.5}",
            400,
            "INVALID_ARGUMENT",
            "top_k"),
        Arguments.of(
            "top_k is negative",
            "{\"text\": \"영화\", \"top_k\": -1}",
            400,
            "INVALID_ARGUMENT",
            "top_k"),
        Arguments.of(
            "top_k is too large",
            "{\"text\": \"영화\", \"top_k\": 99999999999}",
            400,
            "INVALID_ARGUMENT",
            "top_k"),
        Arguments.of(
            "abstain_below over 1",
            "{\"text\": \"영화\", \"abstain_below\": 1.5}",
            400,
            "INVALID_ARGUMENT",
            "abstain_below"),
        Arguments.of(
            "too many spans",
            "{\"text\": \"영화\", \"evidence\": {\"max_span_count\": 11}}",
            400,
            "INVALID_ARGUMENT",
            "evidence.max_span_count"),
        Arguments.of("not JSON", "{\"text\": ", 400, "INVALID_ARGUMENT", null),
        Arguments.of("no body", "", 400, "INVALID_ARGUMENT", null),
        Arguments.of("an array", "[]", 400, "INVALID_ARGUMENT", null),
        Arguments.of("null", "null", 400, "INVALID_ARGUMENT", null),
        Arguments.of("two objects", "{\"text\": \"영화\"} {}", 400, "INVALID_ARGUMENT", null),
        Arguments.of(
            "a field twice", "{\"text\": \"영화\", \"text\": \"영화\"}", 400, "INVALID_ARGUMENT", null),
        Arguments.of(
            "body too large",
            "{\"text\": \"" + "가".repeat(1_500_000) + "\"}",
            413,
            "TEXT_TOO_LARGE",
            null));
  }

  @Test
  void classify_invalidUtf8_isRefused() {
    byte[] body = "{\"text\": \"?\"}".getBytes(StandardCharsets.UTF_8);
    body[10] = (byte) 0xff;
    assertProblem(
        given().contentType("application/json").body(body).post("/v1/classify").then(),
        400,
        "INVALID_UTF8",
        null);
  }

  @Test
  void classify_badRequest_neverQuotesTheText() {
    classify("{\"text\": \"" + LONG_TEXT + "\"}").body("detail", not(containsString("영화")));
    classify("{\"text\": \"영화\" x}").body("detail", not(containsString("영화")));
  }

  @Test
  void classify_formInsteadOfJson_isRefused() {
    assertProblem(
        given()
            .contentType("application/x-www-form-urlencoded")
            .body("text=영화")
            .post("/v1/classify")
            .then(),
        415,
        "INVALID_ARGUMENT",
        null);
  }

  @Test
  void classify_get_isRefused() {
    assertProblem(given().get("/v1/classify").then(), 405, "INVALID_ARGUMENT", null);
  }

  @Test
  void listModels_listsTheDefaultFirst() {
    given()
        .get("/v1/models")
        .then()
        .statusCode(200)
        .body("models.name", contains("tiny", "other", "context", "극장"))
        .body("models.default_model", contains(true, false, false, false));
  }

  @Test
  void getModel_byName_describesIt() {
    exact()
        .get("/v1/models/other")
        .then()
        .statusCode(200)
        .body("name", equalTo("other"))
        .body("revision", startsWith("sha256:"))
        .body("labels.name", contains("부정", "중립", "긍정"))
        .body("labels[0].polarity", closeTo(-1, 0))
        .body("problem_type", equalTo("single_label_classification"))
        .body("limits.max_text_bytes", equalTo(600))
        .body("limits.max_token_count", equalTo(24))
        .body("limits.max_batch_size", equalTo(64))
        .body("limits.max_message_bytes", equalTo(4 << 20))
        .body("limits.max_stream_item_count", equalTo(256))
        .body("limits.max_stream_count", equalTo(256))
        .body("limits.max_queue_size", equalTo(2048))
        .body("precision", equalTo("fp32"))
        .body("device", equalTo("cpu"))
        .body("accepts_context", equalTo(false))
        .body("quality.test_accuracy", closeTo(0.5, 0))
        .body("provenance.license", equalTo("none: random weights"));
  }

  @Test
  void getModel_unknown_isRefused() {
    assertProblem(given().get("/v1/models/nobody").then(), 404, "MODEL_NOT_FOUND", "name");
  }

  @Test
  void unknownPath_isRefused() {
    assertProblem(given().get("/v1/nothing").then(), 404, "INVALID_ARGUMENT", null);
  }

  private static ValidatableResponse classify(String body) {
    return exact()
        .contentType("application/json; charset=UTF-8")
        .body(body)
        .post("/v1/classify")
        .then();
  }

  /// Numbers as doubles, which `closeTo` compares.
  private static io.restassured.specification.RequestSpecification exact() {
    return given()
        .config(
            RestAssuredConfig.config()
                .jsonConfig(JsonConfig.jsonConfig().numberReturnType(NumberReturnType.DOUBLE)));
  }

  private static void assertProblem(
      ValidatableResponse response, int status, String reason, @Nullable String field) {
    response
        .statusCode(status)
        .contentType("application/problem+json")
        .body("status", equalTo(status))
        .body("reason", equalTo(reason))
        .body("field", equalTo(field))
        .body("type", equalTo("about:blank"))
        .body("title", not(equalTo("")))
        .body("detail", not(equalTo("")));
  }
}
