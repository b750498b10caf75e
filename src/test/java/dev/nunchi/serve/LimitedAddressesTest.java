package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import org.junit.jupiter.api.Test;

/// Without tokens: three texts a day for each address.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(LimitedServer.Addresses.class)
class LimitedAddressesTest {
  /// The calls of the server to itself before it was ready are not among them.
  @Test
  void calls_ofOneAddress_haveOneCountOverAllProtocolsAndConnections() {
    for (int i = 0; i < 2; i++) {
      given()
          .contentType("application/json")
          .body("{\"text\": \"영화\"}")
          .post("/v1/classify")
          .then()
          .statusCode(200);
    }
    ManagedChannel channel = ServerUnderTest.channel();
    try {
      var client = SentimentServiceGrpc.newBlockingStub(channel);
      ClassifyRequest request = ClassifyRequest.newBuilder().setText("영화").build();
      client.classify(request);
      assertEquals(
          new Refusal(Status.Code.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", null, true),
          Refusal.of(assertThrows(StatusRuntimeException.class, () -> client.classify(request))));
    } finally {
      channel.shutdownNow();
    }
    given()
        .contentType("application/json")
        .body("{\"text\": \"영화\"}")
        .post("/v1/classify")
        .then()
        .statusCode(429)
        .body("reason", equalTo("QUOTA_EXCEEDED"));
    given().get("/v1/models").then().statusCode(200);
  }
}
