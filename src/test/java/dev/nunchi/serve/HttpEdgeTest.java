package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
