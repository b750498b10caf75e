package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.BatchClassifyResponse;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.EvidenceOptions;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/// What a server says that has enough to do, and one that stops.
@QuarkusTest
@QuarkusTestResource(value = NarrowServerResource.class, restrictToAnnotatedClass = true)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(60)
class NarrowServerTest {
  private static final ClassifyRequest REQUEST =
      ClassifyRequest.newBuilder().setText("이 영화 정말 아주 좋다!").build();

  @Inject OpenStreams open;

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
    assertEquals("tiny", client.classify(REQUEST).getModel());
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(20, TimeUnit.SECONDS));
    while (open.count() > 0) {
      Thread.sleep(1);
    }
  }

  @Test
  @Order(1)
  void batch_manyAtOnce_someAreOverloadedAndNoneIsLost() throws Exception {
    List<CompletableFuture<BatchClassifyResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      CompletableFuture<BatchClassifyResponse> answer = new CompletableFuture<>();
      answers.add(answer);
      SentimentServiceGrpc.newStub(channel).batchClassify(batch(4), new FirstAnswer<>(answer));
    }
    int overloaded = 0;
    for (CompletableFuture<BatchClassifyResponse> answer : answers) {
      try {
        assertEquals(4, answer.get(10, TimeUnit.SECONDS).getResponsesCount());
      } catch (ExecutionException e) {
        assertEquals(
            new Refusal(Status.Code.RESOURCE_EXHAUSTED, "OVERLOADED", null, true),
            Refusal.of(e.getCause()));
        overloaded++;
      }
    }
    assertTrue(overloaded > 0 && overloaded < 400, "overloaded: " + overloaded);
  }

  @Test
  @Order(1)
  void batch_moreThanTheQueueTakes_isRefusedByName() {
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> client.batchClassify(batch(5)));
    assertEquals(
        new Refusal(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "requests"),
        Refusal.of(refused));
    given()
        .urlEncodingEnabled(false)
        .contentType("application/json; charset=UTF-8")
        .body(
            "{\"requests\": ["
                + String.join(",", Collections.nCopies(5, "{\"text\": \"영화\"}"))
                + "]}")
        .post("/v1/classify:batch")
        .then()
        .statusCode(400)
        .body("field", equalTo("requests"));
  }

  @Test
  @Order(1)
  void evidence_moreRunsThanTheQueueTakes_isRefusedByName() throws Exception {
    ClassifyRequest request =
        REQUEST.toBuilder().setEvidence(EvidenceOptions.getDefaultInstance()).build();
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> client.classify(request));
    assertEquals(
        new Refusal(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "evidence"),
        Refusal.of(refused));
  }

  @Test
  @Order(1)
  void stream_fasterThanTheModel_isHeldBackAndNeverRefused() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    for (int i = 0; i < 2_000; i++) {
      stream.send("item-" + i, REQUEST);
      assertTrue(open.unansweredCount() <= 8);
    }
    stream.halfClose();
    stream.end.get(30, TimeUnit.SECONDS);
    assertEquals(2_000, stream.answers.stream().filter(answer -> answer.hasResponse()).count());
  }

  @Test
  @Order(1)
  void healthPort_answersHealthAndMetricsAlone() {
    int port = ConfigProvider.getConfig().getValue("nunchi.health-port", Integer.class);
    for (String path : List.of("/q/health", "/q/health/live", "/q/health/ready", "/q/metrics")) {
      given().port(port).get(path).then().statusCode(200);
    }
    for (String path : List.of("/v1/models", "/", "/q/health/../../v1/models")) {
      given().port(port).urlEncodingEnabled(false).get(path).then().statusCode(404);
    }
  }

  @Test
  @Order(1)
  void stream_tooManyOpen_isOverloadedUntilOneEnds() throws Exception {
    StreamClient first = StreamClient.open(channel);
    StreamClient second = StreamClient.open(channel);
    first.send("a", REQUEST);
    second.send("a", REQUEST);
    first.await(1);
    second.await(1);
    StreamClient third = StreamClient.open(channel);
    ExecutionException refused =
        assertThrows(ExecutionException.class, () -> third.end.get(20, TimeUnit.SECONDS));
    assertEquals(
        new Refusal(Status.Code.RESOURCE_EXHAUSTED, "OVERLOADED", null, true),
        Refusal.of(refused.getCause()));
    first.halfClose();
    first.end.get(20, TimeUnit.SECONDS);
    StreamClient fourth = StreamClient.open(channel);
    fourth.send("a", REQUEST);
    fourth.await(1);
    fourth.halfClose();
    second.halfClose();
    second.end.get(20, TimeUnit.SECONDS);
    fourth.end.get(20, TimeUnit.SECONDS);
  }

  @Test
  @Order(1)
  void playground_switchedOff_isNotThere() {
    Playground.TYPES.keySet().forEach(path -> given().get(path).then().statusCode(404));
  }

  /// The last one: no stream can be opened after it.
  @Test
  @Order(2)
  void stream_serverStops_answersWhatItReadThenIsUnavailable() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    stream.send("a", REQUEST);
    stream.await(1);
    open.stop(new ShutdownDelayInitiatedEvent());
    ExecutionException ended =
        assertThrows(ExecutionException.class, () -> stream.end.get(20, TimeUnit.SECONDS));
    Refusal unavailable = new Refusal(Status.Code.UNAVAILABLE, "UNAVAILABLE", null);
    assertEquals(unavailable, Refusal.of(ended.getCause()));
    StreamClient late = StreamClient.open(channel);
    ExecutionException refused =
        assertThrows(ExecutionException.class, () -> late.end.get(20, TimeUnit.SECONDS));
    assertEquals(unavailable, Refusal.of(refused.getCause()));
  }

  private static BatchClassifyRequest batch(int size) {
    return BatchClassifyRequest.newBuilder()
        .addAllRequests(Collections.nCopies(size, REQUEST))
        .build();
  }
}
