package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.EvidenceOptions;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@Timeout(60)
class StreamClassifyTest {
  private static final String TEXT = "영화 정말 좋다!";
  private static final String LONG_TEXT = "영화 노래 음식 ".repeat(8);
  private static final int WINDOW = 256;

  @Inject OpenStreams open;

  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    channel = ServerUnderTest.channel();
  }

  /// Whatever a test did, the server goes on answering, and holds nothing of it.
  @AfterEach
  void serverIsAlive() throws InterruptedException {
    ClassifyResponse answer = SentimentServiceGrpc.newBlockingStub(channel).classify(request(TEXT));
    assertEquals("tiny", answer.getModel());
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(20, TimeUnit.SECONDS));
    awaitNoStream();
  }

  @Test
  void stream_items_answersEachAsClassifyDoes() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    Map<String, ClassifyRequest> sent = new HashMap<>();
    for (int i = 0; i < 500; i++) {
      String text = List.of(TEXT, "음식은 맛있고 가게도 괜찮네요.", "낯선 낱말").get(i % 3);
      sent.put("item-" + i, request(text));
      stream.send("item-" + i, request(text));
    }
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    assertEquals(500, stream.answers.size());
    for (StreamClassifyResponse answer : stream.answers) {
      ClassifyResponse alone =
          SentimentServiceGrpc.newBlockingStub(channel).classify(sent.remove(answer.getId()));
      assertEquals(alone.getScoresList(), answer.getResponse().getScoresList());
      assertEquals(alone.getPolarity(), answer.getResponse().getPolarity());
      assertEquals(alone.getTokenCount(), answer.getResponse().getTokenCount());
    }
    assertEquals(Map.of(), sent);
  }

  @Test
  void stream_optionsOfItems_areEachItsOwn() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    stream.send("top", request(TEXT).toBuilder().setTopK(1).build());
    stream.send("abstain", request(TEXT).toBuilder().setAbstainBelow(0.99).build());
    stream.send("model", request(TEXT).toBuilder().setModel("other").build());
    stream.send(
        "evidence",
        request("영화 정말 좋다!").toBuilder()
            .setEvidence(EvidenceOptions.newBuilder().setMaxSpanCount(2))
            .build());
    stream.send("unknown", request("낯선 낱말"));
    stream.send(
        "context", request(TEXT).toBuilder().setContext("노래 별로").setModel("context").build());
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    assertEquals(1, answer(stream, "top").getScoresCount());
    assertTrue(answer(stream, "abstain").getAbstained());
    assertEquals("", answer(stream, "abstain").getLabel());
    assertEquals("other", answer(stream, "model").getModel());
    assertEquals(2, answer(stream, "evidence").getEvidenceCount());
    assertEquals(0.5, answer(stream, "unknown").getUnknownTokenShare());
    assertTrue(answer(stream, "unknown").hasPolarity());
    assertTrue(answer(stream, "context").getContextUsed());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void stream_badItem_isRefusedInBandAndTheStreamGoesOn(
      String name, String id, ClassifyRequest request, Refusal expected) throws Exception {
    StreamClient stream = StreamClient.open(channel);
    stream.send(id, request);
    stream.await(1);
    assertEquals(id, stream.answers.getFirst().getId());
    assertEquals(expected, Refusal.of(stream.answers.getFirst().getError()));
    assertFalse(stream.answers.getFirst().getError().getMessage().contains("영화"));
    stream.send("next", TEXT);
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    assertTrue(stream.answers.get(1).hasResponse());
  }

  static Stream<Arguments> stream_badItem_isRefusedInBandAndTheStreamGoesOn() {
    return Stream.of(
        Arguments.of("no id", "", request(TEXT), invalid("INVALID_ARGUMENT", "id")),
        Arguments.of("no text", "a", request(""), invalid("EMPTY_TEXT", "request.text")),
        Arguments.of(
            "too many bytes",
            "a",
            request("가".repeat(201)),
            invalid("TEXT_TOO_LARGE", "request.text")),
        Arguments.of(
            "too many bytes of context",
            "a",
            request(TEXT).toBuilder().setContext("가".repeat(201)).build(),
            invalid("TEXT_TOO_LARGE", "request.context")),
        Arguments.of(
            "too many tokens", "a", request(LONG_TEXT), invalid("TOO_MANY_TOKENS", "request.text")),
        Arguments.of(
            "unknown model",
            "a",
            request(TEXT).toBuilder().setModel("nobody").build(),
            new Refusal(Status.Code.NOT_FOUND, "MODEL_NOT_FOUND", "request.model")),
        Arguments.of(
            "unknown policy",
            "a",
            request(TEXT).toBuilder().setTruncationValue(99).build(),
            invalid("INVALID_ARGUMENT", "request.truncation")),
        Arguments.of(
            "negative top_k",
            "a",
            request(TEXT).toBuilder().setTopK(-1).build(),
            invalid("INVALID_ARGUMENT", "request.top_k")),
        Arguments.of(
            "abstain_below not a number",
            "a",
            request(TEXT).toBuilder().setAbstainBelow(Double.NaN).build(),
            invalid("INVALID_ARGUMENT", "request.abstain_below")),
        Arguments.of(
            "too many spans",
            "a",
            request(TEXT).toBuilder()
                .setEvidence(EvidenceOptions.newBuilder().setMaxSpanCount(11))
                .build(),
            invalid("INVALID_ARGUMENT", "request.evidence.max_span_count")));
  }

  @Test
  void stream_sameId_everyItemHasAnAnswerAndTheNewestIsLast() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    for (int i = 0; i < 300; i++) {
      stream.send("typing", i < 299 ? TEXT : "낯선 낱말");
    }
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
    assertEquals(300, stream.answers.size());
    assertEquals(0.5, stream.answers.getLast().getResponse().getUnknownTokenShare());
    for (StreamClassifyResponse answer : stream.answers) {
      if (answer.hasError()) {
        assertEquals(
            new Refusal(Status.Code.ABORTED, "SUPERSEDED", null), Refusal.of(answer.getError()));
      }
    }
  }

  @Test
  void stream_halfClosedAtOnce_completes() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    stream.halfClose();
    stream.end.get(10, TimeUnit.SECONDS);
  }

  @Test
  void stream_clientReadsNothing_isHeldBackAndLosesNothing() throws Exception {
    int count = 2_000;
    ManagedChannel narrow =
        NettyChannelBuilder.forAddress("localhost", ServerUnderTest.port())
            .usePlaintext()
            .flowControlWindow(64 << 10)
            .build();
    StreamClient stream = StreamClient.openUnread(narrow);
    String suffix = "x".repeat(110);
    int sent = 0;
    int most = 0;
    long lastSent = System.nanoTime();
    // On a busy machine it may take the server more than a second to come to what was sent.
    while (sent < count
        && (System.nanoTime() - lastSent < TimeUnit.SECONDS.toNanos(1)
            || (open.unansweredCount() < WINDOW
                && System.nanoTime() - lastSent < TimeUnit.SECONDS.toNanos(20)))) {
      most = Math.max(most, open.unansweredCount());
      if (stream.isReady()) {
        stream.send(sent++ + suffix, TEXT);
        lastSent = System.nanoTime();
      } else {
        Thread.sleep(1);
      }
    }
    assertTrue(sent < count, "the sender was never held back");
    assertEquals(WINDOW, open.unansweredCount());
    Set<String> ids = new HashSet<>();
    while (ids.size() < count) {
      stream.read(10);
      while (sent < count && stream.isReady()) {
        stream.send(sent++ + suffix, TEXT);
      }
      if (sent == count) {
        stream.halfClose();
        sent++;
      }
      most = Math.max(most, open.unansweredCount());
      ids.clear();
      stream.answers.forEach(answer -> ids.add(answer.getId()));
    }
    stream.end.get(10, TimeUnit.SECONDS);
    assertEquals(count, stream.answers.size());
    assertEquals(WINDOW, most, "items held at a time");
    narrow.shutdownNow();
  }

  @Test
  void stream_deadlinePasses_endsWithIt() {
    StreamClient stream =
        StreamClient.open(
            SentimentServiceGrpc.newStub(channel).withDeadlineAfter(200, TimeUnit.MILLISECONDS));
    stream.send("a", TEXT);
    ExecutionException ended =
        assertThrows(ExecutionException.class, () -> stream.end.get(20, TimeUnit.SECONDS));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, Status.fromThrowable(ended).getCode());
  }

  /// The caller's reset and the server's end meet; neither may cost the connection.
  @Test
  void stream_manyDeadlinesThatPass_keepTheConnection() throws Exception {
    for (int i = 0; i < 60; i++) {
      StreamClient stream =
          StreamClient.open(
              SentimentServiceGrpc.newStub(channel)
                  .withDeadlineAfter(5 + i, TimeUnit.MILLISECONDS));
      for (int item = 0; item < 200; item++) {
        stream.send("item-" + item, TEXT);
      }
      ExecutionException ended =
          assertThrows(ExecutionException.class, () -> stream.end.get(20, TimeUnit.SECONDS));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, Status.fromThrowable(ended).getCode());
    }
  }

  @Test
  void stream_manyCancelled_keepTheConnection() throws Exception {
    for (int i = 0; i < 60; i++) {
      StreamClient stream = StreamClient.open(channel);
      for (int item = 0; item < 5 * i; item++) {
        stream.send("item-" + item, TEXT);
      }
      stream.cancel();
      ExecutionException ended =
          assertThrows(ExecutionException.class, () -> stream.end.get(20, TimeUnit.SECONDS));
      assertEquals(Status.Code.CANCELLED, Status.fromThrowable(ended).getCode());
    }
  }

  @Test
  void stream_cancelled_isLetGo() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    stream.send("a", TEXT);
    stream.await(1);
    assertEquals(1, open.count());
    stream.cancel();
    awaitNoStream();
  }

  @Test
  void stream_connectionBreaks_isLetGo() throws Exception {
    ManagedChannel broken = ServerUnderTest.channel();
    StreamClient unread = StreamClient.openUnread(broken);
    StreamClient stream = StreamClient.open(broken);
    for (int i = 0; i < 300; i++) {
      unread.send("a" + i, TEXT);
    }
    stream.send("a", TEXT);
    stream.await(1);
    assertEquals(2, open.count());
    broken.shutdownNow();
    awaitNoStream();
  }

  @Test
  void stream_invalidUtf8_answersWhatItReadAndEndsWithTheReason() throws Exception {
    assertEquals(
        new Refusal(Status.Code.INVALID_ARGUMENT, "INVALID_UTF8", null),
        endAfter(new byte[] {0x0a, 0x02, (byte) 0xff, (byte) 0xfe}));
  }

  @Test
  void stream_bytesThatAreNoMessage_answersWhatItReadAndEndsWithTheReason() throws Exception {
    assertEquals(
        new Refusal(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", null),
        endAfter(new byte[] {0x0a, 0x7f, 0x01}));
  }

  @Test
  void stream_messageOverTheLimit_isRefusedAndLetGo() throws Exception {
    StreamClient stream = StreamClient.open(channel);
    stream.send("a", "가".repeat(2_000_000));
    ExecutionException ended =
        assertThrows(ExecutionException.class, () -> stream.end.get(10, TimeUnit.SECONDS));
    assertEquals(Status.Code.INVALID_ARGUMENT, Status.fromThrowable(ended).getCode());
    awaitNoStream();
  }

  /// Sends a good item, then these bytes.
  private Refusal endAfter(byte[] bytes) throws Exception {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(new RawMessages(), new RawMessages())
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName(SentimentServiceGrpc.getStreamClassifyMethod().getFullMethodName())
            .build();
    ClientCall<byte[], byte[]> call = channel.newCall(method, CallOptions.DEFAULT);
    List<byte[]> answers = new ArrayList<>();
    CompletableFuture<StatusRuntimeException> end = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] message) {
            answers.add(message);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status.asRuntimeException(trailers));
          }
        },
        new Metadata());
    call.request(10);
    call.sendMessage(
        dev.nunchi.sentiment.v1.StreamClassifyRequest.newBuilder()
            .setId("good")
            .setRequest(request(TEXT))
            .build()
            .toByteArray());
    call.sendMessage(bytes);
    StatusRuntimeException ended = end.get(20, TimeUnit.SECONDS);
    assertEquals(1, answers.size());
    assertEquals("good", StreamClassifyResponse.parseFrom(answers.getFirst()).getId());
    assertEquals(Status.Code.INVALID_ARGUMENT.value(), StatusProto.fromThrowable(ended).getCode());
    return Refusal.of(ended);
  }

  private static ClassifyResponse answer(StreamClient stream, String id) {
    return stream.answers.stream()
        .filter(answer -> answer.getId().equals(id))
        .findFirst()
        .orElseThrow()
        .getResponse();
  }

  private void awaitNoStream() throws InterruptedException {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (open.count() > 0 && System.nanoTime() < limit) {
      Thread.sleep(1);
    }
    assertEquals(0, open.count(), "streams are still open");
    assertEquals(0, open.unansweredCount());
  }

  private static Refusal invalid(String reason, String field) {
    return new Refusal(Status.Code.INVALID_ARGUMENT, reason, field);
  }

  private static ClassifyRequest request(String text) {
    return ClassifyRequest.newBuilder().setText(text).build();
  }
}
