package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class SentimentResourceTest {
  @Test
  void classify_text_answers() {
    given()
        .contentType("application/json")
        .body("{\"text\": \"영화 정말 좋다!\"}")
        .post("/v1/classify")
        .then()
        .log()
        .all()
        .statusCode(200)
        .body("model", equalTo("tiny"));
    given().get("/v1/models").then().log().all();
    given().get("/q/health/ready").then().log().all();
    given().get("/q/metrics").then().log().all();
    given()
        .contentType("application/json")
        .body("{\"txt\": \"영화 정말 좋다!\"}")
        .post("/v1/classify")
        .then()
        .log()
        .all();
    given().get("/v1/nothing").then().log().all();
    given().get("/v1/classify").then().log().all();
    given().body("x").contentType("text/plain").post("/v1/classify").then().log().all();
    given()
        .body("x".repeat(5_000_000))
        .contentType("application/json")
        .post("/v1/classify")
        .then()
        .log()
        .all();
  }
}
