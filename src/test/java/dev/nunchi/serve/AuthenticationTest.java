package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.rpc.ErrorInfo;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.config.EncoderConfig;
import io.restassured.config.RestAssuredConfig;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class AuthenticationTest {
  private static final String BODY = "{\"text\": \"영화 정말 좋다!\"}";

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
  void grpc_withoutToken_saysSoWithReason() throws Exception {
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> classify(null));
    assertEquals(Status.Code.UNAUTHENTICATED, refused.getStatus().getCode());
    ErrorInfo info = StatusProto.fromThrowable(refused).getDetails(0).unpack(ErrorInfo.class);
    assertEquals("UNAUTHENTICATED", info.getReason());
    assertEquals("nunchi.dev", info.getDomain());
    assertTrue(String.valueOf(refused.getMessage()).contains("'Authorization: Bearer TOKEN'"));
  }

  @Test
  void grpc_streamWithoutToken_isRefused() {
    CompletableFuture<StreamClassifyResponse> answer = new CompletableFuture<>();
    StreamObserver<StreamClassifyRequest> items =
        SentimentServiceGrpc.newStub(channel).streamClassify(new FirstAnswer<>(answer));
    items.onNext(StreamClassifyRequest.newBuilder().setId("1").build());
    assertUnauthenticated(answer);
  }

  @Test
  void grpc_reflectionWithoutToken_isRefused() {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new FirstAnswer<>(answer));
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertUnauthenticated(answer);
  }

  @Test
  void grpc_afterARefusal_goesOnOnTheSameConnection() {
    for (int i = 0; i < 20; i++) {
      assertThrows(StatusRuntimeException.class, () -> classify(null));
      assertEquals("tiny", classify("Bearer " + GuardedServer.TOKEN));
    }
  }

  @Test
  void rest_withoutToken_isAProblemThatNamesTheScheme() {
    given()
        .contentType("application/json")
        .body(BODY)
        .post("/v1/classify")
        .then()
        .statusCode(401)
        .contentType("application/problem+json")
        .header("WWW-Authenticate", "Bearer")
        .body("status", equalTo(401))
        .body("reason", equalTo("UNAUTHENTICATED"))
        .body("title", equalTo("Unauthorized"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/models",
        "/v1/nothing",
        "/q/metrics",
        "/playground",
        "/playground/",
        "/playground/nothing.js",
        "/playground/../v1/models",
        "/playground/%2e%2e/v1/models",
        "/q/health/../../v1/models",
        "/q/health/%2e%2e/%2e%2e/v1/models",
        "/q/healthy"
      })
  void rest_anyPathButHealthWithoutToken_isRefused(String path) {
    given().urlEncodingEnabled(false).get(path).then().statusCode(401);
  }

  @Test
  void rest_contentTypeOfGrpc_isNoWayAround() {
    given()
        .config(
            RestAssuredConfig.config()
                .encoderConfig(
                    EncoderConfig.encoderConfig()
                        .encodeContentTypeAs("application/grpc", ContentType.TEXT)))
        .contentType("application/grpc")
        .body(BODY)
        .post("/v1/classify")
        .then()
        .statusCode(426)
        .body(not(containsString("label")));
  }

  @Test
  void rest_twoTokens_areRefused() {
    authorized().header("Authorization", "Bearer x").get("/v1/models").then().statusCode(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/q/health", "/q/health/live", "/q/health/ready", "/q/health/started"})
  void health_withoutToken_isOpen(String path) {
    given().get(path).then().statusCode(200);
  }

  /// Where it is switched on in spite of the tokens.
  @Test
  void playground_withoutToken_isOpen() {
    Playground.TYPES.keySet().forEach(path -> given().get(path).then().statusCode(200));
    given().post("/").then().statusCode(405);
  }

  @Test
  void metrics_withToken_countRefusals() {
    given().get("/v1/models").then().statusCode(401);
    String metrics = authorized().get("/q/metrics").then().statusCode(200).extract().asString();
    assertTrue(
        metrics.contains("nunchi_rejections_total{protocol=\"rest\",reason=\"UNAUTHENTICATED\"}"),
        metrics);
    assertFalse(metrics.contains(GuardedServer.TOKEN));
  }

  @Test
  void crossOrigin_switchedOn_isForTheNamedOriginAlone() {
    given()
        .header("Origin", "https://known.example")
        .header("Access-Control-Request-Method", "POST")
        .options("/v1/classify")
        .then()
        .statusCode(200)
        .header("Access-Control-Allow-Origin", "https://known.example");
    authorized()
        .header("Origin", "https://known.example")
        .get("/v1/models")
        .then()
        .statusCode(200)
        .header("Access-Control-Allow-Origin", "https://known.example");
    authorized()
        .header("Origin", "https://elsewhere.example")
        .get("/v1/models")
        .then()
        .statusCode(403);
  }

  @Test
  void tokens_fileChanges_isReadAgain() throws Exception {
    Path file = GuardedServer.tokens();
    String before = Files.readString(file);
    String added = "added-token-0123456789";
    assertEquals(401, status(added));
    try {
      Files.writeString(file, before + added + "\n");
      await(200, added);
      assertEquals(200, status(GuardedServer.TOKEN));
      // A file of no use changes nothing.
      Files.writeString(file, "short\n");
      Thread.sleep(600);
      assertEquals(200, status(added));
      Files.delete(file);
      Thread.sleep(600);
      assertEquals(200, status(added));
    } finally {
      Files.writeString(file, before);
    }
    await(401, added);
    assertEquals(200, status(GuardedServer.TOKEN));
  }

  private static void await(int status, String token) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (status(token) != status) {
      assertTrue(System.nanoTime() < end, "The tokens are not read again");
      Thread.sleep(50);
    }
  }

  private static int status(String token) {
    return given().header("Authorization", "Bearer " + token).get("/v1/models").statusCode();
  }

  private static RequestSpecification authorized() {
    return given().header("Authorization", "Bearer " + GuardedServer.TOKEN);
  }

  private String classify(@Nullable String authorization) {
    Metadata headers = new Metadata();
    if (authorization != null) {
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
    }
    return SentimentServiceGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .classify(ClassifyRequest.newBuilder().setText("영화 정말 좋다!").build())
        .getModel();
  }

  private static void assertUnauthenticated(CompletableFuture<?> answer) {
    ExecutionException refused =
        assertThrows(ExecutionException.class, () -> answer.get(20, TimeUnit.SECONDS));
    assertEquals(Status.Code.UNAUTHENTICATED, Status.fromThrowable(refused.getCause()).getCode());
  }
}
