package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Calls as proxies, tracers and other libraries make them, which grpc-java cannot make.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@Timeout(60)
class GrpcEntranceTest {
  private static final ClassifyRequest REQUEST = ClassifyRequest.newBuilder().setText("영화").build();

  private Vertx vertx;
  private HttpClient client;
  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    vertx = Vertx.vertx();
    client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false));
    channel = ServerUnderTest.channel();
  }

  /// Whatever a test did, the server goes on answering.
  @AfterEach
  void serverIsAlive() throws Exception {
    assertEquals(
        "tiny", SentimentServiceGrpc.newBlockingStub(channel).classify(REQUEST).getModel());
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(20, TimeUnit.SECONDS));
    client.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private record Answer(
      int status, Status.Code code, String message, String encodings, String reason) {}

  @ParameterizedTest
  @ValueSource(strings = {"AAAR,AAAB", "AAAR, AAAB ,", "AAAR", "AAA=", ""})
  void metadata_binaryValues_areTaken(String value) throws Exception {
    assertEquals(
        Status.Code.OK, call(false, REQUEST.toByteArray(), Map.of("x-note-bin", value)).code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"!!!", "AAAR,!!!", "AAAR AAAR"})
  void metadata_binaryValueThatIsNoBase64_isRefusedByName(String value) throws Exception {
    Answer answer = call(false, REQUEST.toByteArray(), Map.of("x-note-bin", value));
    assertEquals(200, answer.status());
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
    assertEquals("The metadata 'x-note-bin' is not base64", answer.message());
  }

  @ParameterizedTest
  @ValueSource(strings = {"snappy", "deflate", "GZIP", "zstd"})
  void message_unknownCompression_isUnimplementedAndNamesWhatIsRead(String encoding)
      throws Exception {
    Answer answer = call(true, new byte[] {1, 2, 3}, Map.of("grpc-encoding", encoding));
    assertEquals(Status.Code.UNIMPLEMENTED, answer.code());
    assertEquals("identity,gzip", answer.encodings());
    assertTrue(answer.message().contains("'" + encoding + "'"), answer.message());
  }

  @Test
  void message_gzip_isRead() throws Exception {
    byte[] gzip = gzip(REQUEST.toByteArray());
    assertEquals(Status.Code.OK, call(true, gzip, Map.of("grpc-encoding", "gzip")).code());
    // A message may be sent as it is all the same.
    assertEquals(
        Status.Code.OK, call(false, REQUEST.toByteArray(), Map.of("grpc-encoding", "gzip")).code());
  }

  @Test
  void message_gzipOfAClient_isReadInCallsAndStreams() throws Exception {
    assertEquals(
        "tiny",
        SentimentServiceGrpc.newBlockingStub(channel)
            .withCompression("gzip")
            .classify(REQUEST)
            .getModel());
    StreamClient stream =
        StreamClient.open(SentimentServiceGrpc.newStub(channel).withCompression("gzip"));
    stream.send("a", REQUEST);
    stream.send("b", REQUEST);
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    assertEquals(2, stream.answers.stream().filter(answer -> answer.hasResponse()).count());
  }

  /// 256 MiB that are 256 KiB on the wire, to health, which needs no token, and reflection.
  @ParameterizedTest
  @CsvSource({
    "grpc.health.v1.Health/Check, INVALID_ARGUMENT",
    "grpc.health.v1.Health/Watch, INVALID_ARGUMENT",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo, UNIMPLEMENTED"
  })
  void message_gzipToAnotherService_isNotUnpacked(String method, Status.Code code)
      throws Exception {
    byte[] bomb = gzip(new byte[256 << 20]);
    long began = System.nanoTime();
    assertEquals(code, call("/" + method, true, bomb, Map.of("grpc-encoding", "gzip")).code());
    long millis = (System.nanoTime() - began) / 1_000_000;
    assertTrue(millis < 1_000, "took " + millis + " ms");
  }

  @Test
  void message_saidToBeGzipToHealthAndIsNot_isRead() throws Exception {
    Answer answer =
        call("/grpc.health.v1.Health/Check", false, new byte[0], Map.of("grpc-encoding", "gzip"));
    assertEquals(Status.Code.OK, answer.code());
  }

  /// Two million requests, or fields that are none, in 4 MB: none becomes an object.
  @ParameterizedTest
  @CsvSource({
    "BatchClassify, 0a 00",
    "BatchClassify, 0a 02 08 00",
    "BatchClassify, 0a 04 08 00 08 00",
    "BatchClassify, 98 06 00",
    "Classify, 98 06 00",
    "Classify, 3a 00"
  })
  void message_moreFieldsThanAreTaken_isRefused(String method, String field) throws Exception {
    byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(field);
    byte[] message = new byte[4_000_000 / bytes.length * bytes.length];
    for (int i = 0; i < message.length; i++) {
      message[i] = bytes[i % bytes.length];
    }
    Answer answer =
        call("/nunchi.sentiment.v1.SentimentService/" + method, false, message, Map.of());
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
    assertTrue(answer.message().contains("fields"), answer.message());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nunchi.sentiment.v1.SentimentService/Classify", "grpc.health.v1.Health/Check"})
  void call_withoutItsMessage_isRefused(String method) throws Exception {
    Answer answer = call("/" + method, Buffer.buffer(), Map.of());
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
    assertTrue(answer.message().contains("without a message"), answer.message());
  }

  private static final String SERVICE = "/nunchi.sentiment.v1.SentimentService/";

  @Test
  void call_twoMessagesWhereOneIsTaken_isRefused() throws Exception {
    byte[] message = REQUEST.toByteArray();
    Answer answer = call(SERVICE + "Classify", framed(message, message), Map.of());
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
    assertEquals("INVALID_ARGUMENT", answer.reason());
    assertTrue(answer.message().contains("another came"), answer.message());
  }

  @ParameterizedTest
  @CsvSource({
    "nunchi.sentiment.v1.SentimentService/StreamClassify",
    "nunchi.sentiment.v1.SentimentService/Classify",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.health.v1.Health/Check"
  })
  void call_endsInsideAMessage_isRefused(String method) throws Exception {
    Buffer whole = framed(new byte[0], new byte[] {1, 2, 3});
    Answer answer = call("/" + method, whole.getBuffer(0, whole.length() - 2), Map.of());
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
    assertEquals("INVALID_ARGUMENT", answer.reason());
  }

  /// Nobody hears of what is thrown before a message is one: the call had no end.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
      })
  void reflection_bytesThatAreNoMessage_endTheCall(String method) throws Exception {
    Answer answer = open("/" + method, framed(new byte[] {(byte) 0xff, (byte) 0xff}));
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
    assertEquals("INVALID_ARGUMENT", answer.reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Classify", "StreamClassify"})
  void message_overTheTransportsLimit_isRefusedWithAReason(String method) throws Exception {
    Buffer body = framed(new byte[9 << 20]);
    // With its length in the headers, and without.
    for (Answer answer :
        List.of(call(SERVICE + method, body, Map.of()), open(SERVICE + method, body))) {
      assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
      assertEquals("TEXT_TOO_LARGE", answer.reason());
    }
  }

  @Test
  void call_ofAnotherMethod_hasAReason() throws Exception {
    Answer answer = call(SERVICE + "Nothing", framed(REQUEST.toByteArray()), Map.of());
    assertEquals(Status.Code.UNIMPLEMENTED, answer.code());
    assertEquals("UNIMPLEMENTED", answer.reason());
  }

  /// A call whose caller does not end it.
  private Answer open(String path, Buffer body) throws Exception {
    return client
        .request(HttpMethod.POST, ServerUnderTest.port(), "localhost", path)
        .compose(request -> {
          request.putHeader("content-type", "application/grpc").putHeader("te", "trailers");
          request.setChunked(true);
          return request.write(body).compose(_ -> request.response());
        })
        .compose(GrpcEntranceTest::answer)
        .toCompletionStage()
        .toCompletableFuture()
        .get(20, TimeUnit.SECONDS);
  }

  @Test
  void message_damagedGzip_isRefused() throws Exception {
    byte[] gzip = gzip(REQUEST.toByteArray());
    gzip[gzip.length / 2] ^= 0x55;
    Answer damaged = call(true, gzip, Map.of("grpc-encoding", "gzip"));
    assertEquals(Status.Code.INVALID_ARGUMENT, damaged.code());
    Answer none = call(true, new byte[] {1, 2, 3}, Map.of("grpc-encoding", "gzip"));
    assertEquals(Status.Code.INVALID_ARGUMENT, none.code());
  }

  @Test
  void message_saidToBeCompressedWithoutSayingHow_isRefused() throws Exception {
    Answer answer = call(true, new byte[] {(byte) 0xff, 2, 3}, Map.of());
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
  }

  /// 64 MiB that are 64 KiB on the wire.
  @Test
  void message_gzipThatUnpacksToMoreThanIsTaken_isRefused() throws Exception {
    byte[] bomb =
        gzip(
            ClassifyRequest.newBuilder()
                .setTextBytes(ByteString.copyFrom(new byte[64 << 20]))
                .build()
                .toByteArray());
    Answer answer = call(true, bomb, Map.of("grpc-encoding", "gzip"));
    assertEquals(Status.Code.INVALID_ARGUMENT, answer.code());
    assertTrue(answer.message().contains("when it is decompressed"), answer.message());
    StreamClient stream =
        StreamClient.open(SentimentServiceGrpc.newStub(channel).withCompression("gzip"));
    stream.send(
        "a",
        ClassifyRequest.newBuilder().setTextBytes(ByteString.copyFrom(new byte[5 << 20])).build());
    assertThrows(Exception.class, () -> stream.end.get(10, TimeUnit.SECONDS));
  }

  @Test
  void call_ofAMethodThatIsNone_isUnimplemented() {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () ->
                io.grpc.stub.ClientCalls.blockingUnaryCall(
                    channel,
                    SentimentServiceGrpc.getClassifyMethod().toBuilder()
                        .setFullMethodName("nunchi.sentiment.v1.SentimentService/Nothing")
                        .build(),
                    io.grpc.CallOptions.DEFAULT,
                    REQUEST));
    assertEquals(Status.Code.UNIMPLEMENTED, refused.getStatus().getCode());
  }

  private Answer call(boolean compressed, byte[] message, Map<String, String> headers)
      throws Exception {
    return call("/nunchi.sentiment.v1.SentimentService/Classify", compressed, message, headers);
  }

  private Answer call(String path, boolean compressed, byte[] message, Map<String, String> headers)
      throws Exception {
    return call(
        path,
        Buffer.buffer()
            .appendByte((byte) (compressed ? 1 : 0))
            .appendInt(message.length)
            .appendBytes(message),
        headers);
  }

  private Answer call(String path, Buffer body, Map<String, String> headers) throws Exception {
    return client
        .request(HttpMethod.POST, ServerUnderTest.port(), "localhost", path)
        .compose(request -> {
          request.putHeader("content-type", "application/grpc").putHeader("te", "trailers");
          headers.forEach(request::putHeader);
          return request.send(body);
        })
        .compose(GrpcEntranceTest::answer)
        .toCompletionStage()
        .toCompletableFuture()
        .get(20, TimeUnit.SECONDS);
  }

  private static Future<Answer> answer(HttpClientResponse came) {
    return came.body()
        .map(came)
        .map(response -> {
          String code = response.getTrailer("grpc-status");
          String text = response.getTrailer("grpc-message");
          if (code == null) {
            code = response.getHeader("grpc-status");
            text = response.getHeader("grpc-message");
          }
          return new Answer(
              response.statusCode(),
              Status.fromCodeValue(Integer.parseInt(code)).getCode(),
              URLDecoder.decode(text == null ? "" : text, StandardCharsets.UTF_8),
              String.valueOf(response.getHeader("grpc-accept-encoding")),
              reason(
                  response.getTrailer("grpc-status-details-bin") == null
                      ? response.getHeader("grpc-status-details-bin")
                      : response.getTrailer("grpc-status-details-bin")));
        });
  }

  /// Of the details; empty where there are none.
  private static String reason(@Nullable String details) {
    try {
      return details == null
          ? ""
          : com.google.rpc.Status.parseFrom(Base64.getDecoder().decode(details))
              .getDetails(0)
              .unpack(ErrorInfo.class)
              .getReason();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static Buffer framed(byte[]... messages) {
    Buffer body = Buffer.buffer();
    for (byte[] message : messages) {
      body.appendByte((byte) 0).appendInt(message.length).appendBytes(message);
    }
    return body;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(bytes);
    }
    return compressed.toByteArray();
  }
}
