package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.ManagedChannel;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(OidcServer.Absent.class)
@Timeout(60)
class OidcAbsentTest {
  @Test
  void provider_absentAtTheStart_isWaitedForAndThenNeededNoMore() throws Exception {
    ManagedChannel channel = ServerUnderTest.channel();
    try {
      String token =
          TestTokens.signed(OidcServer.key("rsa"), "RS256", TestTokens.claims(OidcServer.issuer()));
      given().get("/q/health/ready").then().statusCode(503);
      given().get("/q/health/live").then().statusCode(200);
      assertEquals(ServingStatus.NOT_SERVING, health(channel));
      given()
          .header("Authorization", "Bearer " + token)
          .get("/v1/models")
          .then()
          .statusCode(503)
          .body("reason", equalTo("UNAVAILABLE"));
      assertEquals(200, status(GuardedServer.TOKEN));

      int port = URI.create(OidcServer.issuer()).getPort();
      try (TestProvider _ = TestProvider.start(OidcServer.directory(), port)) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (given().get("/q/health/ready").statusCode() != 200) {
          assertTrue(System.nanoTime() < end, "The keys are not fetched");
          Thread.sleep(50);
        }
        assertEquals(ServingStatus.SERVING, health(channel));
        assertEquals(200, status(token));
      }
      assertEquals(200, status(token));
      given().get("/q/health/ready").then().statusCode(200);
      assertEquals(ServingStatus.SERVING, health(channel));
    } finally {
      channel.shutdownNow();
    }
  }

  private static ServingStatus health(ManagedChannel channel) {
    return HealthGrpc.newBlockingStub(channel)
        .check(HealthCheckRequest.getDefaultInstance())
        .getStatus();
  }

  private static int status(String token) {
    return given().header("Authorization", "Bearer " + token).get("/v1/models").statusCode();
  }
}
