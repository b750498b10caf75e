package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.config.EncoderConfig;
import io.restassured.config.RestAssuredConfig;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.ValidatableResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What HTTP refuses before a call is one.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class HttpEdgeTest {
  /// Refused by its length before it is read, and in pieces while it is.
  @ParameterizedTest
  @CsvSource({"false, HTTP_1_1", "true, HTTP_1_1", "false, HTTP_2", "true, HTTP_2"})
  void classify_bodyOverTheLimitOfHttp_isAProblem(boolean chunked, HttpClient.Version version)
      throws Exception {
    byte[] body = new byte[9 << 20];
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:%d/v1/classify".formatted(ServerUnderTest.port())))
            .version(version)
            .header("Content-Type", "application/json")
            .POST(
                chunked
                    ? HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
                    : HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      assertEquals(413, response.statusCode());
      assertEquals(
          "application/problem+json", response.headers().firstValue("content-type").orElse(""));
      JsonPath problem = JsonPath.from(response.body());
      assertEquals(413, problem.getInt("status"));
      assertEquals("TEXT_TOO_LARGE", problem.getString("reason"));
    }
  }

  /// Over HTTP/2, which has no length of a body that comes in pieces, or of none.
  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void request_bodyOfUnknownLength_isAnswered(HttpClient.Version version) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
      HttpRequest models = HttpRequest.newBuilder(uri("/v1/models")).build();
      HttpRequest pieces =
          HttpRequest.newBuilder(uri("/v1/classify"))
              .header("Content-Type", "application/json")
              .POST(
                  HttpRequest.BodyPublishers.ofInputStream(() ->
                      new ByteArrayInputStream(
                          "{\"text\": \"영화\"}".getBytes(StandardCharsets.UTF_8))))
              .build();
      // The first on a connection is an upgrade of HTTP/1.1, the others are not.
      for (int i = 0; i < 3; i++) {
        for (HttpRequest request : List.of(models, pieces)) {
          HttpResponse<String> response =
              client.send(request, HttpResponse.BodyHandlers.ofString());
          assertEquals(200, response.statusCode(), response.body());
        }
      }
    }
  }

  private static URI uri(String path) {
    return URI.create("http://localhost:%d%s".formatted(ServerUnderTest.port(), path));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET | /v1/classify | POST, OPTIONS",
        "PUT | /v1/classify/ | POST, OPTIONS",
        "GET | /v1/classify%3Abatch | POST, OPTIONS",
        "POST | /v1/models | GET, HEAD, OPTIONS",
        "DELETE | /v1/models/tiny | GET, HEAD, OPTIONS",
        "POST | / | GET, HEAD, OPTIONS",
        "PUT | /playground/words.js | GET, HEAD, OPTIONS",
        "GET | /nunchi.sentiment.v1.SentimentService/Classify | POST, OPTIONS"
      })
  void request_methodThatAPathDoesNotTake_namesThoseThatItTakes(
      String method, String path, String allowed) {
    given()
        .urlEncodingEnabled(false)
        .request(method, path)
        .then()
        .statusCode(405)
        .contentType("application/problem+json")
        .header("Allow", allowed);
    given().urlEncodingEnabled(false).options(path).then().statusCode(204).header("Allow", allowed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/models", "/v1/models/tiny", "/q/metrics", "/q/health/ready", "/"})
  void head_ofWhatCanBeRead_isAnsweredWithoutABody(String path) {
    given().head(path).then().statusCode(200).body(equalTo(""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/classify:batch", "/v1/classify%3Abatch", "/v1/classify%3abatch"})
  void batch_colonInAnySpelling_isServed(String path) {
    given()
        .urlEncodingEnabled(false)
        .contentType("application/json; charset=UTF-8")
        .body("{\"requests\": [{\"text\": \"영화\"}]}")
        .post(path)
        .then()
        .statusCode(200)
        .body("responses[0].model", equalTo("tiny"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"deflate", "br", "zstd", "gzip, gzip"})
  void classify_bodyOfUnknownCompression_namesWhatIsRead(String encoding) {
    given()
        .contentType("application/json")
        .header("Content-Encoding", encoding)
        .body(new byte[] {0x1f, (byte) 0x8b})
        .post("/v1/classify")
        .then()
        .statusCode(415)
        .header("Accept-Encoding", "gzip, identity")
        .body("detail", containsString("Content-Encoding"));
  }

  /// With a length and in pieces, well and damaged, and more than is taken when it is unpacked.
  @ParameterizedTest
  @CsvSource({"false, HTTP_1_1", "true, HTTP_1_1", "false, HTTP_2", "true, HTTP_2"})
  void classify_gzip_isReadUpToTheLimitOfABody(boolean pieces, HttpClient.Version version)
      throws Exception {
    byte[] one = gzip("{\"text\": \"영화\"}".getBytes(StandardCharsets.UTF_8));
    byte[] batch = gzip("{\"requests\": [{\"text\": \"영화\"}]}".getBytes(StandardCharsets.UTF_8));
    byte[] damaged = one.clone();
    damaged[damaged.length - 6] ^= 0x55;
    try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
      assertEquals(200, post(client, "/v1/classify", "gzip", one, pieces));
      assertEquals(200, post(client, "/v1/classify", "X-GZIP", one, pieces));
      assertEquals(200, post(client, "/v1/classify:batch", "gzip", batch, pieces));
      assertEquals(400, post(client, "/v1/classify", "gzip", damaged, pieces));
      assertEquals(400, post(client, "/v1/classify", "gzip", new byte[0], pieces));
      assertEquals(413, post(client, "/v1/classify", "gzip", gzip(new byte[64 << 20]), pieces));
    }
  }

  private static int post(
      HttpClient client, String path, String encoding, byte[] body, boolean pieces)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .header("Content-Encoding", encoding)
            .POST(
                pieces
                    ? HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
                    : HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(bytes);
    }
    return compressed.toByteArray();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "application/openmetrics-text | application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0 | application/openmetrics-text",
        "application/openmetrics-text;version=0.0.1;q=0.5 | application/openmetrics-text",
        "text/plain | text/plain",
        "*/* | application/openmetrics-text"
      })
  void metrics_asWhatIsAskedFor_areGiven(String accept, String type) {
    given()
        .header("Accept", accept)
        .get("/q/metrics")
        .then()
        .statusCode(200)
        .header("Content-Type", startsWith(type))
        .body(containsString("nunchi_streams_open"));
  }

  @ParameterizedTest
  @CsvSource({
    "application/grpc, 426",
    "application/grpc+proto, 426",
    "Application/GRPC, 426",
    "application/grpc-web, 415",
    "application/grpc-web-text+proto, 415",
    "application/json, 415"
  })
  void grpc_overHttp1_saysWhatItNeeds(String type, int status) {
    given()
        .config(
            RestAssuredConfig.config()
                .encoderConfig(
                    EncoderConfig.encoderConfig()
                        .encodeContentTypeAs(type, ContentType.BINARY)
                        .appendDefaultContentCharsetToContentTypeIfUndefined(false)))
        .contentType(type)
        .body(new byte[5])
        .post("/nunchi.sentiment.v1.SentimentService/Classify")
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("detail", containsString("gRPC"))
        .header("Upgrade", status == 426 ? equalTo("h2c") : nullValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /v1/models HTTP/1.1\r\n",
        "GET /q/health/live HTTP/1.1\r\n",
        "GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
        "GET /v1/models HTTP/1.1\r\nHost: a\r\nhost: a\r\n",
        "GET /v1/models HTTP/1.0\r\nHost: a\r\nHost: a\r\n",
        "GET /v1/models HTTP/1.1\r\nHost: a b\r\n",
        "POST /v1/classify HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 0\r\n"
      })
  void request_withoutOneHost_isAProblem(String head) throws Exception {
    String answer = answer(head);
    assertTrue(answer.startsWith("HTTP/1.1 400 ") || answer.startsWith("HTTP/1.0 400 "), answer);
    assertTrue(answer.contains("Host"), answer);
    assertFalse(answer.contains("rror id"), answer);
  }

  @Test
  void request_ofHttp10WithoutHost_isAnswered() throws Exception {
    String answer = answer("GET /v1/models HTTP/1.0\r\n");
    assertTrue(answer.startsWith("HTTP/1.0 200 "), answer);
  }

  /// Over HTTP/2 it is the connection that ends, or the stream.
  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void header_overTheLimit_isNoCall(HttpClient.Version version) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
      HttpResponse<String> before =
          client.send(
              HttpRequest.newBuilder(uri("/q/health/live")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertEquals(200, before.statusCode());
      HttpRequest large =
          HttpRequest.newBuilder(uri("/v1/models")).header("x-large", "v".repeat(40_000)).build();
      try {
        assertEquals(431, client.send(large, HttpResponse.BodyHandlers.ofString()).statusCode());
      } catch (IOException e) {
        assertEquals(HttpClient.Version.HTTP_2, version);
      }
    }
  }

  private static String answer(String head) throws IOException {
    try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void playground_everyFile_isGuardedAndKnownAgain() {
    Playground.TYPES.forEach((path, type) -> {
      String tag =
          guarded(given().header("Accept-Encoding", "identity, gzip;q=0").get(path).then())
              .statusCode(200)
              .header("Content-Type", type)
              .header("Content-Encoding", nullValue())
              .header("Vary", "accept-encoding")
              .extract()
              .header("ETag");
      guarded(
              given()
                  .header("Accept-Encoding", "identity, gzip;q=0")
                  .header("If-None-Match", "\"x\", W/" + tag)
                  .get(path)
                  .then())
          .statusCode(304)
          .header("ETag", tag)
          .body(equalTo(""));
      guarded(given().header("Accept-Encoding", "br, gzip").get(path).then())
          .statusCode(200)
          .header("Content-Encoding", "gzip")
          .header("ETag", not(tag));
    });
  }

  private static ValidatableResponse guarded(ValidatableResponse response) {
    return response
        .header(
            "Content-Security-Policy",
            allOf(
                startsWith("default-src 'none'; script-src 'self'; style-src 'self';"),
                containsString(" connect-src 'self'; img-src 'self' data:; base-uri 'none';"),
                containsString(" form-action 'none'; frame-ancestors 'none'"),
                not(containsString("unsafe"))))
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer");
  }

  @Test
  void crossOrigin_byDefault_isNotAllowed() {
    given()
        .header("Origin", "https://elsewhere.example")
        .header("Access-Control-Request-Method", "POST")
        .options("/v1/classify")
        .then()
        .header("Access-Control-Allow-Origin", nullValue())
        .header("Access-Control-Allow-Methods", nullValue());
    given()
        .header("Origin", "https://elsewhere.example")
        .get("/v1/models")
        .then()
        .statusCode(200)
        .header("Access-Control-Allow-Origin", nullValue());
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /nothing, application/json, 404",
    "GET, /v1, application/json, 404",
    "GET, /playground, application/json, 404",
    "GET, /playground/, application/json, 404",
    "GET, /playground/index.html, application/json, 404",
    "GET, /playground/words.js/, application/json, 404",
    "POST, /v1/classify/x, application/json, 404",
    "DELETE, /v1/classify, application/json, 405",
    "PUT, /v1/models, application/json, 405",
    "POST, /v1/classify, text/plain, 415",
    "POST, /v1/classify, application/xml, 415"
  })
  void request_pathMethodOrMediaTypeOfNoEndpoint_isAProblem(
      String method, String path, String mediaType, int status) {
    given()
        .contentType(mediaType)
        .request(method, path)
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("status", equalTo(status))
        .body("reason", equalTo("INVALID_ARGUMENT"));
  }
}
