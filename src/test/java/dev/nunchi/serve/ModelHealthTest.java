package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class ModelHealthTest {
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
  void readiness_modelsLoaded_isUpAndNamesThem() {
    given()
        .get("/q/health/ready")
        .then()
        .statusCode(200)
        .body("status", equalTo("UP"))
        .body("checks.name", hasItem("models"))
        .body("checks.find { it.name == 'models' }.data.tiny", startsWith("sha256:"))
        .body("checks.find { it.name == 'models' }.data.other", startsWith("sha256:"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/q/health/live", "/q/health/started", "/q/health"})
  void health_serverRuns_isUp(String path) {
    given().get(path).then().statusCode(200).body("status", equalTo("UP"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nunchi.sentiment.v1.SentimentService",
        "nunchi.sentiment.v1.SentimentService/tiny",
        "nunchi.sentiment.v1.SentimentService/other"
      })
  void grpcHealth_serverAndModels_areServing(String service) {
    assertEquals(ServingStatus.SERVING, status(service));
  }

  @Test
  void grpcHealth_checkOfAnUnknownService_isNotFound() {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () -> status("nunchi.sentiment.v1.SentimentService/nobody"));
    assertEquals(Status.Code.NOT_FOUND, refused.getStatus().getCode());
  }

  @ParameterizedTest
  @CsvSource({
    "nunchi.sentiment.v1.SentimentService/tiny, 1",
    "nunchi.sentiment.v1.SentimentService/nobody, 3"
  })
  void grpcHealth_watch_saysTheStatusAndStaysOpen(String service, int status) throws Exception {
    Context.CancellableContext watching = Context.current().withCancellation();
    Iterator<HealthCheckResponse> statuses =
        watching.call(() ->
            HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .watch(HealthCheckRequest.newBuilder().setService(service).build()));
    assertEquals(status, statuses.next().getStatusValue());
    CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS)
        .execute(() -> watching.cancel(null));
    StatusRuntimeException end = assertThrows(StatusRuntimeException.class, statuses::hasNext);
    assertEquals(Status.Code.CANCELLED, end.getStatus().getCode());
  }

  @Test
  void reflection_listsTheService() throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new FirstAnswer<>(answer));
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    List<String> names =
        answer.get(20, TimeUnit.SECONDS).getListServicesResponse().getServiceList().stream()
            .map(service -> service.getName())
            .toList();
    requests.onCompleted();
    assertTrue(names.contains("nunchi.sentiment.v1.SentimentService"), names.toString());
  }

  private ServingStatus status(String service) {
    return HealthGrpc.newBlockingStub(channel)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }
}
