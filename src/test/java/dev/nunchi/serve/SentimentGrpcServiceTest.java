package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.nunchi.ProblemType;
import dev.nunchi.infer.Scores;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.Probe;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.EvidenceOptions;
import dev.nunchi.sentiment.v1.EvidenceSpan;
import dev.nunchi.sentiment.v1.GetModelRequest;
import dev.nunchi.sentiment.v1.LabelScore;
import dev.nunchi.sentiment.v1.ListModelsRequest;
import dev.nunchi.sentiment.v1.Model;
import dev.nunchi.sentiment.v1.Precision;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.TruncationPolicy;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class SentimentGrpcServiceTest {
  private static final String TEXT = "영화 정말 좋다!";
  // 26 tokens with the two special ones; the tiny model takes 24.
  private static final String LONG_TEXT = "영화 노래 음식 ".repeat(8);

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
    assertEquals("tiny", client.classify(request(TEXT).build()).getModel());
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(20, TimeUnit.SECONDS));
  }

  @Test
  void classify_textsOfTheProbe_answersAsTransformersDoes() {
    for (Probe.Case expected : TinyModel.probe().cases()) {
      ClassifyResponse answer = client.classify(request(expected.text()).build());
      Scores scores = scores(expected);
      assertEquals(TinyModel.LABELS.get(scores.best()).name(), answer.getLabel());
      assertEquals(scores.get(scores.best()), answer.getConfidence(), 1e-4);
      assertEquals(scores.polarity(TinyModel.LABELS).getAsDouble(), answer.getPolarity(), 1e-4);
      assertEquals(expected.inputIds().size(), answer.getTokenCount());
      for (LabelScore score : answer.getScoresList()) {
        int label = TinyModel.LABELS.indexOf(score.getLabel()).getAsInt();
        assertEquals(scores.get(label), score.getScore(), 1e-4);
      }
    }
  }

  @Test
  void classify_text_saysWhatItDid() {
    ClassifyResponse answer = client.classify(request(TEXT).build());
    assertEquals(3, answer.getScoresCount());
    assertEquals(answer.getLabel(), answer.getScores(0).getLabel());
    assertTrue(answer.getScores(0).getScore() >= answer.getScores(1).getScore());
    assertTrue(answer.getScores(1).getScore() >= answer.getScores(2).getScore());
    assertFalse(answer.getTruncated());
    assertEquals(TruncationPolicy.TRUNCATION_POLICY_UNSPECIFIED, answer.getTruncation());
    assertEquals(0, answer.getUnknownTokenShare());
    assertEquals("tiny", answer.getModel());
    assertTrue(answer.getModelRevision().startsWith("sha256:"), answer.getModelRevision());
    assertFalse(answer.getAbstained());
    assertFalse(answer.getContextUsed());
    long inference = nanos(answer.getTimings().getInferenceDuration());
    long queue = nanos(answer.getTimings().getQueueDuration());
    assertTrue(inference > 0);
    assertTrue(nanos(answer.getTimings().getTotalDuration()) >= inference + queue);
  }

  @Test
  void classify_unknownWords_saysTheirShare() {
    ClassifyResponse answer = client.classify(request("낯선 낱말").build());
    assertEquals(0.5, answer.getUnknownTokenShare());
  }

  @Test
  void classify_topK_listsTheHighestScores() {
    ClassifyResponse answer = client.classify(request(TEXT).setTopK(1).build());
    assertEquals(1, answer.getScoresCount());
    assertEquals(answer.getConfidence(), answer.getScores(0).getScore());
    assertEquals(3, client.classify(request(TEXT).setTopK(99).build()).getScoresCount());
  }

  @Test
  void classify_confidenceBelowTheLimit_abstains() {
    ClassifyResponse answer = client.classify(request(TEXT).setAbstainBelow(0.99).build());
    assertTrue(answer.getAbstained());
    assertEquals("", answer.getLabel());
    assertTrue(answer.getConfidence() < 0.99);
    assertFalse(client.classify(request(TEXT).setAbstainBelow(0.0).build()).getAbstained());
  }

  @ParameterizedTest
  @MethodSource
  void classify_longText_isCutAsAsked(TruncationPolicy policy) {
    ClassifyResponse answer = client.classify(request(LONG_TEXT).setTruncation(policy).build());
    assertTrue(answer.getTruncated());
    assertEquals(policy, answer.getTruncation());
    assertEquals(26, answer.getTokenCount());
  }

  static Stream<TruncationPolicy> classify_longText_isCutAsAsked() {
    return Stream.of(
        TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD,
        TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD_AND_TAIL);
  }

  @Test
  void classify_shortTextWithPolicy_isNotCut() {
    ClassifyResponse answer =
        client.classify(
            request(TEXT).setTruncation(TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD).build());
    assertFalse(answer.getTruncated());
    assertEquals(TruncationPolicy.TRUNCATION_POLICY_UNSPECIFIED, answer.getTruncation());
  }

  @Test
  void classify_modelByName_answersFromIt() {
    assertEquals("other", client.classify(request(TEXT).setModel("other").build()).getModel());
  }

  @Test
  void classify_context_isNotUsedByAModelWithoutPlaceForIt() {
    assertFalse(client.classify(request(TEXT).setContext("영화").build()).getContextUsed());
  }

  @Test
  void classify_evidence_listsTheStrongestSpansInBothUnits() {
    String text = "😀 영화 정말 좋다!";
    EvidenceOptions options = EvidenceOptions.newBuilder().setMaxSpanCount(10).build();
    List<EvidenceSpan> spans =
        client.classify(request(text).setEvidence(options).build()).getEvidenceList();
    assertEquals(4, spans.size());
    for (EvidenceSpan span : spans) {
      String word = text.substring(span.getUtf16Start(), span.getUtf16End());
      assertTrue(List.of(text.split(" ")).contains(word), word);
      int[] points = text.codePoints().toArray();
      int length = span.getCodePointEnd() - span.getCodePointStart();
      assertEquals(word, new String(points, span.getCodePointStart(), length));
    }
    assertTrue(Math.abs(spans.get(0).getWeight()) >= Math.abs(spans.get(1).getWeight()));
    ClassifyRequest byDefault =
        request(text).setEvidence(EvidenceOptions.getDefaultInstance()).build();
    assertEquals(spans.subList(0, 3), client.classify(byDefault).getEvidenceList());
    assertEquals(0, client.classify(request(text).build()).getEvidenceCount());
  }

  @Test
  void classify_contextWithAModelThatTakesIt_answersAsTransformersDoes() {
    for (TinyModel.Pair pair : TinyModel.pairs()) {
      ClassifyResponse answer =
          client.classify(
              request(pair.text()).setContext(pair.context()).setModel("context").build());
      assertTrue(answer.getContextUsed());
      assertFalse(answer.getTruncated());
      assertEquals(pair.tokenCount(), answer.getTokenCount());
      Scores expected = scores(pair.logits());
      for (LabelScore score : answer.getScoresList()) {
        int label = TinyModel.LABELS.indexOf(score.getLabel()).getAsInt();
        assertEquals(expected.get(label), score.getScore(), 1e-4);
      }
    }
  }

  @Test
  void classify_noContextWithAModelThatTakesIt_answersAsWithoutTemplate() {
    ClassifyResponse alone = client.classify(request(TEXT).build());
    for (String context : List.of("", " \u200b")) {
      ClassifyResponse answer =
          client.classify(request(TEXT).setContext(context).setModel("context").build());
      assertFalse(answer.getContextUsed());
      assertEquals(alone.getScoresList(), answer.getScoresList());
    }
  }

  @Test
  void classify_contextTooLong_isRefusedOrGivesWay() {
    ClassifyRequest.Builder request =
        request(TEXT).setContext("노래 ".repeat(20)).setModel("context");
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> client.classify(request.build()));
    assertRefused(refused, Status.Code.INVALID_ARGUMENT, "TOO_MANY_TOKENS", "text");
    ClassifyResponse cut =
        client.classify(
            request.setTruncation(TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD).build());
    assertTrue(cut.getTruncated());
    assertTrue(cut.getContextUsed());
    assertEquals(27, cut.getTokenCount());
    ClassifyResponse noRoom =
        client.classify(
            request
                .setText("영화 ".repeat(30))
                .setTruncation(TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD)
                .build());
    assertTrue(noRoom.getTruncated());
    assertFalse(noRoom.getContextUsed());
  }

  @Test
  void getModel_withInputTemplate_acceptsContext() {
    assertTrue(
        client
            .getModel(GetModelRequest.newBuilder().setName("context").build())
            .getModel()
            .getAcceptsContext());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void classify_badRequest_isRefusedByName(
      String name, ClassifyRequest request, Status.Code code, String reason, String field) {
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> client.classify(request));
    assertRefused(refused, code, reason, field);
  }

  static Stream<Arguments> classify_badRequest_isRefusedByName() {
    Status.Code invalid = Status.Code.INVALID_ARGUMENT;
    return Stream.of(
        Arguments.of("no text", request("").build(), invalid, "EMPTY_TEXT", "text"),
        Arguments.of("blank text", request(" \t\n　").build(), invalid, "EMPTY_TEXT", "text"),
        Arguments.of(
            "only invisible", request("\u200b\u200b").build(), invalid, "EMPTY_TEXT", "text"),
        Arguments.of(
            "too many bytes", request("가".repeat(201)).build(), invalid, "TEXT_TOO_LARGE", "text"),
        Arguments.of(
            "too many bytes of context",
            request(TEXT).setContext("가".repeat(201)).build(),
            invalid,
            "TEXT_TOO_LARGE",
            "context"),
        Arguments.of(
            "too many tokens", request(LONG_TEXT).build(), invalid, "TOO_MANY_TOKENS", "text"),
        Arguments.of(
            "too many tokens, policy reject",
            request(LONG_TEXT).setTruncation(TruncationPolicy.TRUNCATION_POLICY_REJECT).build(),
            invalid,
            "TOO_MANY_TOKENS",
            "text"),
        Arguments.of(
            "unknown model",
            request(TEXT).setModel("nobody").build(),
            Status.Code.NOT_FOUND,
            "MODEL_NOT_FOUND",
            "model"),
        Arguments.of(
            "unknown policy",
            request(TEXT).setTruncationValue(99).build(),
            invalid,
            "INVALID_ARGUMENT",
            "truncation"),
        Arguments.of(
            "negative top_k",
            request(TEXT).setTopK(-1).build(),
            invalid,
            "INVALID_ARGUMENT",
            "top_k"),
        Arguments.of(
            "abstain_below over 1",
            request(TEXT).setAbstainBelow(1.01).build(),
            invalid,
            "INVALID_ARGUMENT",
            "abstain_below"),
        Arguments.of(
            "abstain_below not a number",
            request(TEXT).setAbstainBelow(Double.NaN).build(),
            invalid,
            "INVALID_ARGUMENT",
            "abstain_below"),
        Arguments.of(
            "negative max_span_count",
            request(TEXT).setEvidence(EvidenceOptions.newBuilder().setMaxSpanCount(-1)).build(),
            invalid,
            "INVALID_ARGUMENT",
            "evidence.max_span_count"),
        Arguments.of(
            "too many spans",
            request(TEXT).setEvidence(EvidenceOptions.newBuilder().setMaxSpanCount(11)).build(),
            invalid,
            "INVALID_ARGUMENT",
            "evidence.max_span_count"));
  }

  @Test
  void classify_badRequest_neverQuotesTheText() {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class, () -> client.classify(request(LONG_TEXT).build()));
    assertFalse(String.valueOf(refused.getMessage()).contains("영화"), refused.getMessage());
  }

  @Test
  void classify_invalidUtf8_isRefused() {
    // Field 1, a string of two bytes that are no UTF-8.
    byte[] message = {0x0a, 0x02, (byte) 0xff, (byte) 0xfe};
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> classifyBytes(message));
    assertRefused(refused, Status.Code.INVALID_ARGUMENT, "INVALID_UTF8", null);
  }

  @Test
  void classify_bytesThatAreNoMessage_areRefused() {
    byte[] message = {0x0a, 0x7f, 0x01};
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> classifyBytes(message));
    assertRefused(refused, Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", null);
  }

  @Test
  void classify_messageOverTheLimit_isRefused() {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () -> client.classify(request("가".repeat(2_000_000)).build()));
    assertRefused(refused, Status.Code.INVALID_ARGUMENT, "TEXT_TOO_LARGE", null);
  }

  @Test
  void classify_deadlineThatPasses_endsWithIt() {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () ->
                client.withDeadlineAfter(1, TimeUnit.MICROSECONDS).classify(request(TEXT).build()));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, refused.getStatus().getCode());
  }

  /// The caller's reset and the answer meet; neither may cost the connection.
  @Test
  void classify_manyDeadlinesThatPass_keepTheConnection() {
    for (int i = 0; i < 400; i++) {
      try {
        client
            .withDeadlineAfter(200 + 20L * (i % 150), TimeUnit.MICROSECONDS)
            .classify(request(TEXT).build());
      } catch (StatusRuntimeException e) {
        // Or, where the server expects to be late, by what a text took before.
        assertTrue(
            e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED
                || String.valueOf(e.getMessage()).contains("overloaded"),
            e.getMessage());
      }
    }
  }

  @Test
  void classify_callerCancels_isLetGo() {
    Context.CancellableContext context = Context.current().withCancellation();
    CompletableFuture<ClassifyResponse> answer = new CompletableFuture<>();
    context.run(() ->
        SentimentServiceGrpc.newStub(channel)
            .classify(request(TEXT).build(), new FirstAnswer<>(answer)));
    context.cancel(null);
    // Whichever came first; the check after each test shows that the server lives on.
    try {
      assertEquals("tiny", answer.get(20, TimeUnit.SECONDS).getModel());
    } catch (ExecutionException e) {
      assertEquals(Status.Code.CANCELLED, Status.fromThrowable(e).getCode());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void classify_manyAtOnce_allAreAnswered() throws Exception {
    List<CompletableFuture<ClassifyResponse>> answers =
        Stream.generate(CompletableFuture<ClassifyResponse>::new).limit(500).toList();
    Semaphore inFlight = new Semaphore(64);
    for (CompletableFuture<ClassifyResponse> answer : answers) {
      inFlight.acquire();
      CompletableFuture<ClassifyResponse> _ = answer.whenComplete((_, _) -> inFlight.release());
      SentimentServiceGrpc.newStub(channel)
          .classify(request(TEXT).build(), new FirstAnswer<>(answer));
    }
    for (CompletableFuture<ClassifyResponse> answer : answers) {
      assertEquals("tiny", answer.get(10, TimeUnit.SECONDS).getModel());
    }
  }

  @Test
  void getModel_ofTheDefault_describesIt() {
    Model model = client.getModel(GetModelRequest.getDefaultInstance()).getModel();
    assertEquals("tiny", model.getName());
    assertTrue(model.getDefaultModel());
    assertEquals(
        List.of("부정", "중립", "긍정"),
        model.getLabelsList().stream().map(label -> label.getName()).toList());
    assertEquals(-1, model.getLabels(0).getPolarity());
    assertTrue(model.getLabels(1).hasPolarity());
    assertEquals(24, model.getLimits().getMaxTokenCount());
    assertEquals(600, model.getLimits().getMaxTextBytes());
    assertEquals(64, model.getLimits().getMaxBatchSize());
    assertEquals(4 << 20, model.getLimits().getMaxMessageBytes());
    assertEquals(256, model.getLimits().getMaxStreamItemCount());
    assertEquals(256, model.getLimits().getMaxStreamCount());
    assertEquals(2048, model.getLimits().getMaxQueueSize());
    assertEquals(Precision.PRECISION_FP32, model.getPrecision());
    assertEquals(
        dev.nunchi.sentiment.v1.ProblemType.PROBLEM_TYPE_SINGLE_LABEL_CLASSIFICATION,
        model.getProblemType());
    assertEquals("cpu", model.getDevice());
    assertFalse(model.getAcceptsContext());
    assertEquals(0.5, model.getQualityOrThrow("test_accuracy"));
    assertEquals("none: random weights", model.getProvenanceOrThrow("license"));
  }

  @Test
  void getModel_unknown_isRefused() {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () -> client.getModel(GetModelRequest.newBuilder().setName("nobody").build()));
    assertRefused(refused, Status.Code.NOT_FOUND, "MODEL_NOT_FOUND", "name");
  }

  @Test
  void listModels_listsTheDefaultFirst() {
    List<Model> models = client.listModels(ListModelsRequest.getDefaultInstance()).getModelsList();
    assertEquals(
        List.of("tiny", "other", "context", "극장"), models.stream().map(Model::getName).toList());
    assertEquals(
        List.of(true, false, false, false), models.stream().map(Model::getDefaultModel).toList());
  }

  private static ClassifyRequest.Builder request(String text) {
    return ClassifyRequest.newBuilder().setText(text);
  }

  private static Scores scores(Probe.Case expected) {
    return scores(expected.logits());
  }

  private static Scores scores(List<Float> expected) {
    float[] logits = new float[expected.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = expected.get(i);
    }
    return Scores.of(logits, ProblemType.SINGLE_LABEL_CLASSIFICATION, 2);
  }

  private static long nanos(com.google.protobuf.Duration duration) {
    return TimeUnit.SECONDS.toNanos(duration.getSeconds()) + duration.getNanos();
  }

  /// @param field null where no field is to blame
  private static void assertRefused(
      @Nullable Throwable thrown, Status.Code code, String reason, @Nullable String field) {
    StatusRuntimeException refused = assertInstanceOf(StatusRuntimeException.class, thrown);
    assertEquals(code, refused.getStatus().getCode(), refused.getMessage());
    ErrorInfo info = detail(refused, ErrorInfo.class).orElseThrow();
    assertEquals(reason, info.getReason());
    assertEquals("nunchi.dev", info.getDomain());
    Optional<BadRequest> badRequest = detail(refused, BadRequest.class);
    assertEquals(
        Optional.ofNullable(field),
        badRequest.map(violations -> violations.getFieldViolations(0).getField()));
  }

  private static <T extends Message> Optional<T> detail(
      StatusRuntimeException refused, Class<T> type) {
    com.google.rpc.Status status = StatusProto.fromThrowable(refused);
    for (Any detail : status.getDetailsList()) {
      if (detail.is(type)) {
        try {
          return Optional.of(detail.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          throw new AssertionError(e);
        }
      }
    }
    return Optional.empty();
  }

  private void classifyBytes(byte[] message) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(SentimentServiceGrpc.getClassifyMethod().getFullMethodName())
            .build();
    ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, message);
  }

  /// Messages as they stand on the wire.
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }
}
