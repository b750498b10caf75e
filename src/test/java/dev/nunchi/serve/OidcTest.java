package dev.nunchi.serve;

import static dev.nunchi.serve.TestTokens.signed;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.ListModelsRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(OidcServer.class)
@Timeout(120)
class OidcTest {
  private static final String BODY = "{\"text\": \"영화 정말 좋다!\"}";
  private static final ClassifyRequest REQUEST =
      ClassifyRequest.newBuilder().setText("영화 정말 좋다!").build();

  private ManagedChannel channel;

  @BeforeEach
  void connect() throws Exception {
    channel = ServerUnderTest.channel();
    await(() -> given().get("/q/health/ready").statusCode() == 200);
  }

  @AfterEach
  void disconnect() {
    channel.shutdownNow();
  }

  @Test
  void rightToken_everyCall_isAnswered() throws Exception {
    for (String token : List.of(right(), signed(key("ec"), "ES256", claims(_ -> {})))) {
      var client = SentimentServiceGrpc.newBlockingStub(as(token));
      assertEquals("tiny", client.classify(REQUEST).getModel());
      assertEquals(
          2,
          client
              .batchClassify(
                  BatchClassifyRequest.newBuilder()
                      .addRequests(REQUEST)
                      .addRequests(REQUEST)
                      .build())
              .getResponsesCount());
      assertTrue(client.listModels(ListModelsRequest.getDefaultInstance()).getModelsCount() > 0);
      StreamClient stream = StreamClient.open(as(token));
      stream.send("1", REQUEST);
      stream.halfClose();
      stream.end.get(20, TimeUnit.SECONDS);
      assertTrue(stream.answers.getFirst().hasResponse());
      rest(token).statusCode(200);
    }
  }

  @Test
  void tokensOfTheFile_beside_areTaken() {
    rest(GuardedServer.TOKEN).statusCode(200);
    assertEquals("OK", grpc(GuardedServer.TOKEN));
    rest(TinyModelResource.ADMIN_TOKEN).statusCode(200);
    assertEquals("UNAUTHENTICATED", grpc("wrong-token-0123456789"));
    given()
        .contentType("application/json")
        .body(BODY)
        .post("/v1/classify")
        .then()
        .statusCode(401)
        .header("WWW-Authenticate", equalTo("Bearer"));
  }

  @Test
  void wrongTokens_bothProtocols_areRefusedWithWhatIsWrong() {
    Map<String, String> wrong =
        Map.of(
            "it is of another issuer (iss)",
            with(claims -> claims.setIssuer("https://elsewhere.example")),
            "it is for another audience (aud)",
            with(claims -> claims.setAudience("other")),
            "it has expired (exp)",
            with(claims -> {
              claims.setIssuedAt(NumericDate.fromSeconds(1_000));
              claims.setNotBefore(NumericDate.fromSeconds(1_000));
              claims.setExpirationTime(NumericDate.fromSeconds(2_000));
            }),
            "it is not valid yet (nbf)",
            with(claims -> claims.setNotBeforeMinutesInThePast(-5)),
            "it is signed by a key that the issuer does not have",
            signed(TestTokens.rsaKey("unknown"), "RS256", claims(_ -> {})),
            "it is not signed by the key that it names",
            signed(TestTokens.rsaKey("rsa"), "RS256", claims(_ -> {})));
    wrong.forEach((why, token) -> {
      rest(token)
          .statusCode(401)
          .contentType("application/problem+json")
          .body("reason", equalTo("UNAUTHENTICATED"))
          .body("detail", equalTo("The call's token is not taken: " + why))
          .header(
              "WWW-Authenticate",
              equalTo(
                  "Bearer error=\"invalid_token\", error_description=\"The token %s\""
                      .formatted(why.substring(3))));
      StatusRuntimeException refused =
          assertThrows(
              StatusRuntimeException.class,
              () -> SentimentServiceGrpc.newBlockingStub(as(token)).classify(REQUEST));
      assertEquals(
          new Refusal(Status.Code.UNAUTHENTICATED, "UNAUTHENTICATED", null), Refusal.of(refused));
      assertTrue(String.valueOf(refused.getStatus().getDescription()).endsWith(why));
      StreamClient stream = StreamClient.open(as(token));
      Throwable end = assertThrows(Exception.class, () -> stream.end.get(20, TimeUnit.SECONDS));
      assertEquals(Status.Code.UNAUTHENTICATED, Status.fromThrowable(end.getCause()).getCode());
    });
  }

  @Test
  void forgedTokens_bothProtocols_areRefused() {
    PublicJsonWebKey rsa = key("rsa");
    List<String> forged = new ArrayList<>();
    forged.addAll(TestTokens.signedWithThePublicKey(rsa, claims(_ -> {})));
    forged.add(TestTokens.unsigned("none", "rsa", claims(_ -> {})));
    forged.add(TestTokens.unsigned("none", "rsa", claims(_ -> {})) + "AAAA");
    for (String token : forged) {
      rest(token).statusCode(401);
      assertEquals("UNAUTHENTICATED", grpc(token));
    }
  }

  @Test
  void hostileTokens_bothProtocols_areRefusedAndTheServerGoesOn() {
    for (String token : TestTokens.hostile(right())) {
      int status = rest(token).extract().statusCode();
      // Over the limit of a header it is HTTP that refuses.
      assertTrue(status == 401 || (status == 431 && token.length() > 14_000), status + " " + token);
      String reason = grpc(token);
      assertTrue(reason.equals("UNAUTHENTICATED") || token.length() > 14_000, reason + " " + token);
    }
    rest(right()).statusCode(200);
    assertEquals("OK", grpc(right()));
  }

  @Test
  void adminCalls_needTheRole() {
    reload(right())
        .statusCode(403)
        .body("reason", equalTo("PERMISSION_DENIED"))
        .header("WWW-Authenticate", equalTo("Bearer error=\"insufficient_scope\""));
    reload(GuardedServer.TOKEN).statusCode(403);
    reload("wrong-token-0123456789").statusCode(401).header("WWW-Authenticate", equalTo("Bearer"));
    String admin = with(claims -> claims.setClaim("scope", "openid sentiment-admin"));
    reload(admin).statusCode(200);
    reload(TinyModelResource.ADMIN_TOKEN).statusCode(200);
    rest(admin).statusCode(200);
  }

  @Test
  void limits_areBySubject() {
    String limited = with(claims -> claims.setSubject("limited"));
    rest(limited).statusCode(200);
    rest(with(claims -> {
      claims.setSubject("limited");
      claims.setJwtId("another token of the same subject");
    }))
        .statusCode(429)
        .body("reason", equalTo("QUOTA_EXCEEDED"))
        .body("detail", startsWith("subject:limited has sent the 1 texts"));
    rest(right()).statusCode(200);
  }

  /// The first call with a new key waits until it has been fetched; a key that is gone opens
  /// nothing any more, also to who had been let in by it.
  @Test
  void keys_rotated_areFetchedAndForgotten() throws Exception {
    Path directory = OidcServer.directory();
    PublicJsonWebKey rsa = key("rsa");
    PublicJsonWebKey ec = key("ec");
    PublicJsonWebKey newer = TestTokens.rsaKey("newer");
    String token = signed(newer, "RS256", claims(_ -> {}));
    rest(token).statusCode(401);
    try {
      TestProvider.publish(directory, rsa, ec, newer);
      await(() -> rest(token).extract().statusCode() == 200);
      PublicJsonWebKey newest = TestTokens.ecKey("newest");
      TestProvider.publish(directory, rsa, ec, newest);
      String next = signed(newest, "ES256", claims(_ -> {}));
      // As it is at most every 0.2 s.
      Thread.sleep(300);
      assertEquals("OK", grpc(next));
      rest(token).statusCode(401);
      assertEquals("UNAUTHENTICATED", grpc(token));
    } finally {
      TestProvider.publish(directory, rsa, ec);
    }
    await(() -> grpc(right()).equals("OK"));
  }

  /// The caller's time is that from when the call came, not from when it was known whose it is.
  @Test
  void keys_fetchedForLongerThanTheCallerWaits_areTooLate() throws Exception {
    Path directory = OidcServer.directory();
    Path slow = Files.writeString(directory.resolve("slow"), "");
    try {
      PublicJsonWebKey late = TestTokens.rsaKey("late");
      TestProvider.publish(directory, key("rsa"), key("ec"), late);
      String token = signed(late, "RS256", claims(_ -> {}));
      int[] status = {401};
      // As keys are fetched at most every 0.2 s, and another test may just have had them fetched.
      await(() -> (status[0] = classifiedWithin200Millis(token)) != 401);
      assertEquals(504, status[0]);
    } finally {
      Files.delete(slow);
      TestProvider.publish(directory, key("rsa"), key("ec"));
    }
    await(() -> grpc(right()).equals("OK"));
  }

  private static int classifiedWithin200Millis(String token) {
    return given()
        .header("Authorization", "Bearer " + token)
        .header("X-Request-Timeout-Ms", "200")
        .contentType("application/json")
        .body("{\"text\": \"영화\"}")
        .post("/v1/classify")
        .statusCode();
  }

  @Test
  void keys_unknownWithoutEnd_areFetchedNowAndThen() throws Exception {
    long before = TestProvider.fetches(OidcServer.directory());
    long began = System.nanoTime();
    for (int i = 0; i < 200; i++) {
      String token =
          TestTokens.part("{\"alg\":\"RS256\",\"kid\":\"random-%d\"}".formatted(i)) + ".e30.AAAA";
      assertEquals("UNAUTHENTICATED", grpc(token));
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    long fetches = TestProvider.fetches(OidcServer.directory()) - before;
    assertTrue(
        fetches <= seconds / 0.2 + seconds / 6 + 2, "%d in %s s".formatted(fetches, seconds));
  }

  @Test
  void provider_down_changesNothing() throws Exception {
    Path down = Files.writeString(OidcServer.directory().resolve("down"), "");
    try {
      rest(signed(TestTokens.rsaKey("unknown"), "RS256", claims(_ -> {}))).statusCode(401);
      Thread.sleep(500);
      rest(right()).statusCode(200);
      assertEquals("OK", grpc(with(claims -> claims.setSubject("newcomer"))));
      given().get("/q/health/ready").then().statusCode(200);
      String log = Files.readString(OidcServer.directory().resolve("all.log"));
      assertTrue(log.contains("those that were fetched before stay"));
      assertFalse(log.contains("ERROR"), log);
    } finally {
      Files.delete(down);
    }
  }

  /// More than can be verified at once: some are refused for now, and the server goes on.
  @Test
  void floodOfTokens_isBounded() throws Exception {
    String rest = right();
    List<CompletableFuture<String>> answers = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      int number = i;
      CompletableFuture<ClassifyResponse> answer = new CompletableFuture<>();
      SentimentServiceGrpc.newStub(as(rest + "A".repeat(1 + number % 7) + number))
          .classify(REQUEST, new FirstAnswer<>(answer));
      answers.add(answer.handle((_, failure) -> Status.fromThrowable(failure).getCode().name()));
    }
    Set<String> codes = new HashSet<>();
    for (CompletableFuture<String> answer : answers) {
      codes.add(answer.get(60, TimeUnit.SECONDS));
    }
    assertTrue(
        Set.of("UNAUTHENTICATED", "RESOURCE_EXHAUSTED").containsAll(codes), codes.toString());
    assertTrue(codes.contains("UNAUTHENTICATED"));
    assertEquals("OK", grpc(rest));
  }

  @Test
  void tokens_areInNoLog() throws Exception {
    String token = right();
    rest(token).statusCode(200);
    rest(token + "A").statusCode(401);
    reload(token).statusCode(403);
    String log = Files.readString(OidcServer.directory().resolve("all.log"));
    assertFalse(log.isEmpty());
    for (String part : token.split("\\.")) {
      assertFalse(log.contains(part), "a part of a token is in the log");
    }
  }

  private static String right() {
    return with(_ -> {});
  }

  private static String with(Consumer<JwtClaims> change) {
    return signed(key("rsa"), "RS256", claims(change));
  }

  private static JwtClaims claims(Consumer<JwtClaims> change) {
    JwtClaims claims = TestTokens.claims(OidcServer.issuer());
    change.accept(claims);
    return claims;
  }

  private static PublicJsonWebKey key(String id) {
    return OidcServer.key(id);
  }

  private static ValidatableResponse rest(String token) {
    return given()
        .header("Authorization", "Bearer " + token)
        .contentType("application/json")
        .body(BODY)
        .post("/v1/classify")
        .then();
  }

  private static ValidatableResponse reload(String token) {
    return given()
        .urlEncodingEnabled(false)
        .header("Authorization", "Bearer " + token)
        .post("/v1/models/other:reload")
        .then();
  }

  private String grpc(String token) {
    try {
      SentimentServiceGrpc.newBlockingStub(as(token))
          .withDeadlineAfter(20, TimeUnit.SECONDS)
          .classify(REQUEST);
      return "OK";
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode().name();
    }
  }

  private Channel as(String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.holds()) {
      assertTrue(System.nanoTime() < end, "It does not come");
      Thread.sleep(50);
    }
  }
}
