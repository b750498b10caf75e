package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// A caller's path is no tag of a metric: he would fill what is kept of them, and others' calls
/// would not be counted any more.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class MetricTagsTest {
  @Test
  void path_ofACaller_isNoTag() throws Exception {
    for (String token : new String[] {"none", GuardedServer.TOKEN}) {
      for (String method : new String[] {"GET", "POST", "OPTIONS"}) {
        for (String path :
            new String[] {
              "/v1/models/made-up", "/v1/made-up", "/made-up", "/v1/classify/made-up",
              "/nunchi.sentiment.v1.SentimentService/made-up", "/q/made-up", "/grpc.made-up/x",
                  "/v1/%7Bmade-up%7D"
            }) {
          given()
              .header("Authorization", "Bearer " + token)
              .contentType("application/json")
              .request(method, path);
        }
      }
    }
    try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
      socket
          .getOutputStream()
          .write(
              "GET /{made-up} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    }
    try (RawHttp2 connection = new RawHttp2(65_535)) {
      connection
          .callPath(1, "/nunchi.sentiment.v1.SentimentService/made-up", new byte[0])
          .callPath(3, "/made-up.Service/made-up", new byte[0])
          .send();
      connection.await(RawHttp2.HEADERS);
      connection.await(RawHttp2.HEADERS);
    }
    given()
        .header("Authorization", "Bearer " + GuardedServer.TOKEN)
        .get("/v1/models/tiny")
        .then()
        .statusCode(200);
    given()
        .urlEncodingEnabled(false)
        .header("Authorization", "Bearer " + GuardedServer.TOKEN)
        .contentType("application/json")
        .body("{\"requests\": [{\"text\": \"영화\"}]}")
        .post("/v1/classify:batch")
        .then()
        .statusCode(200);
    String metrics =
        given()
            .header("Authorization", "Bearer " + GuardedServer.TOKEN)
            .get("/q/metrics")
            .asString();
    assertFalse(
        metrics.contains("made-up"),
        () -> String.join("\n", metrics.lines().filter(line -> line.contains("made-up")).toList()));
    for (String served : new String[] {"/v1/models/{name}", "SentimentService/Classify"}) {
      assertTrue(metrics.contains(served + "\""), served);
    }
  }
}
