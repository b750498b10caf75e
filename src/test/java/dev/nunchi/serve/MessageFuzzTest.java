package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.faults.Fault;
import dev.nunchi.faults.Fuzz;
import dev.nunchi.faults.JsonFault;
import dev.nunchi.faults.RandomText;
import dev.nunchi.faults.WireFault;
import dev.nunchi.infer.Backend;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.ClassifierSettings;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Workers;
import dev.nunchi.model.Manifest;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.EvidenceOptions;
import dev.nunchi.sentiment.v1.GetModelRequest;
import dev.nunchi.sentiment.v1.ListModelsRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Messages of every rpc and bodies of every door of REST with something wrong in them, read and
/// answered as the front ends do, without a socket: each is answered, or refused as the caller's
/// fault in words.
class MessageFuzzTest {
  private static final Fuzz MESSAGES = new Fuzz("messages", 6_000);
  private static final Limits LIMITS = new Limits(600, 8, 20_000, 8, 8, 64);
  private static final LabelSet LABELS =
      new LabelSet(List.of(Label.of("부정", -1), Label.of("긍정", 1)));
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<MethodDescriptor<?, ?>> METHODS =
      List.of(
          SentimentServiceGrpc.getClassifyMethod(),
          SentimentServiceGrpc.getBatchClassifyMethod(),
          SentimentServiceGrpc.getStreamClassifyMethod(),
          SentimentServiceGrpc.getGetModelMethod(),
          SentimentServiceGrpc.getListModelsMethod());

  private static final ServedModel MODEL = model();
  private static final Classification CLASSIFICATION =
      new Classification(
          new ModelRegistry(List.of(MODEL)),
          LIMITS,
          Allowances.unlimited(),
          new Metrics(new SimpleMeterRegistry()));
  private static final JsonReader<JsonRequest> READER = new JsonReader<>(JsonRequest.class, LIMITS);
  private static final JsonReader<JsonBatch.Requests> BATCH_READER =
      new JsonReader<>(JsonBatch.Requests.class, LIMITS);

  @BeforeAll
  static void open() {
    assertEquals(0, MODEL.classifier().waitingCount());
  }

  @AfterAll
  static void close() {
    MODEL.loaded().close();
  }

  private static ServedModel model() {
    Manifest manifest =
        Manifest.of(
            "tiny", LABELS, ProblemType.SINGLE_LABEL_CLASSIFICATION, Normalization.STANDARD, 24);
    TextEncoder encoder =
        TextEncoder.open(TinyCheckpoint.BERT.path(), Normalizer.of(Normalization.STANDARD), 24);
    Classifier classifier =
        new Classifier(
            encoder,
            new FirstIds(),
            new ClassifierSettings(
                "tiny",
                LABELS,
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                1,
                0,
                new Workers(OptionalInt.of(1), 64).on(InferenceOptions.Device.CPU)));
    return new ServedModel("tiny", new LoadedModel(manifest, 24, "cpu", classifier));
  }

  /// Gives a text the id of its second token as a logit.
  private static final class FirstIds implements Backend {
    @Override
    public float[][] logits(PaddedBatch batch) {
      float[][] logits = new float[batch.batch()][];
      for (int row = 0; row < logits.length; row++) {
        logits[row] = new float[] {batch.inputIds()[row * batch.seq() + 1] % 7, 1};
      }
      return logits;
    }

    @Override
    public void close() {}
  }

  /// A message on the wire.
  private record Wire(int method, byte[] bytes) {
    static Wire of(Random random) {
      int method = random.nextInt(METHODS.size());
      byte[] whole = message(method, random).toByteArray();
      byte[] damaged = random.nextInt(20) == 0 ? whole : WireFault.damaged(whole, random);
      return new Wire(method, random.nextInt(20) == 0 ? zipped(damaged, random) : damaged);
    }

    private static Message message(int method, Random random) {
      return switch (method) {
        case 0 -> request(random);
        case 1 ->
            BatchClassifyRequest.newBuilder()
                .addAllRequests(
                    IntStream.range(0, random.nextInt(6)).mapToObj(_ -> request(random)).toList())
                .build();
        case 2 ->
            StreamClassifyRequest.newBuilder()
                .setId(RandomText.of(random, 20))
                .setRequest(request(random))
                .build();
        case 3 -> GetModelRequest.newBuilder().setName(name(random)).build();
        default -> ListModelsRequest.getDefaultInstance();
      };
    }

    private static ClassifyRequest request(Random random) {
      ClassifyRequest.Builder request =
          ClassifyRequest.newBuilder().setText(RandomText.of(random, 300));
      if (random.nextBoolean()) {
        request.setModel(name(random)).setContext(RandomText.of(random, 100));
      }
      if (random.nextInt(4) == 0) {
        request
            .setTruncationValue(random.nextInt(6))
            .setTopK(random.nextInt(5) - 1)
            .setAbstainBelow(random.nextGaussian())
            .setEvidence(EvidenceOptions.newBuilder().setMaxSpanCount(random.nextInt(30) - 2));
      }
      return request.build();
    }

    private static String name(Random random) {
      return random.nextInt(4) > 0 ? "tiny" : RandomText.of(random, 40);
    }

    @Override
    public String toString() {
      return METHODS.get(method).getBareMethodName()
          + " "
          + java.util.HexFormat.of().formatHex(bytes);
    }
  }

  @Test
  void message_ofAnyRpc_isAnsweredOrRefusedByName() throws InterruptedException {
    MESSAGES.run(
        getClass(),
        Wire::of,
        wire -> {
          MethodDescriptor<?, ?> method = METHODS.get(wire.method());
          try {
            Message answer = answer(read(method, wire.bytes()));
            // Also a text of the caller's that came back in an answer.
            assertEquals(answer, answer.getParserForType().parseFrom(answer.toByteArray()));
          } catch (NunchiException refused) {
            checkRefusal(refused);
          }
          awaitNothingWaits();
        });
  }

  /// A caller hears of a failure first, the rest of its batch is cancelled right after.
  private static void awaitNothingWaits() {
    long until = System.nanoTime() + 5_000_000_000L;
    while (MODEL.classifier().waitingCount() > 0) {
      assertTrue(System.nanoTime() < until, "places are lost");
      Thread.onSpinWait();
    }
  }

  /// As [WireMessage] and [InvalidMessageInterceptor] read it.
  private static Message read(MethodDescriptor<?, ?> method, byte[] bytes) {
    WireMessage wire = new WireMessage.Marshaller(LIMITS).parse(new ByteArrayInputStream(bytes));
    Descriptor type =
        ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
            .getMethodDescriptor()
            .getInputType();
    wire.check(type, LIMITS);
    try {
      return (Message) method.parseRequest(wire.bytes());
    } catch (StatusRuntimeException e) {
      assertInstanceOf(InvalidProtocolBufferException.class, e.getCause());
      throw new NunchiException(dev.nunchi.Reason.INVALID_ARGUMENT, "no message", e);
    }
  }

  private static Message answer(Message request) {
    return switch (request) {
      case ClassifyRequest one ->
          GrpcMessages.response(
              join(CLASSIFICATION.classify(GrpcMessages.query(one), Deadline.NONE)));
      case BatchClassifyRequest batch -> {
        List<Answer> answers =
            join(
                CLASSIFICATION.classifyAll(
                    batch.getRequestsList(), GrpcMessages::query, Deadline.NONE));
        assertEquals(batch.getRequestsCount(), answers.size());
        yield GrpcMessages.response(answers.getFirst());
      }
      case StreamClassifyRequest item ->
          GrpcMessages.response(
              join(
                  CLASSIFICATION
                      .classifyWhenFree(GrpcMessages.query(item.getRequest()), Deadline.NONE)
                      .answer()));
      case GetModelRequest named ->
          GrpcMessages.model(
              new ModelRegistry(List.of(MODEL)).find("name", named.getName()), LIMITS, true);
      default -> GrpcMessages.model(MODEL, LIMITS, true);
    };
  }

  private static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof NunchiException refused) {
        throw refused;
      }
      throw e;
    }
  }

  /// One that tells the caller what it did wrong, in both protocols.
  private static void checkRefusal(NunchiException refused) {
    Failure failure = Failure.of(refused);
    assertTrue(
        List.of(Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND).contains(failure.code()),
        failure.toString());
    assertFalse(failure.message().isBlank());
    assertTrue(failure.message().length() < 1_000, failure.message());
    GrpcErrors.status(failure).toByteArray();
    try {
      JSON.writeValueAsBytes(
          Problem.of(failure.httpStatus(), failure.message(), failure.reason(), failure.field()));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  /// A body of REST.
  private record Body(boolean batch, boolean gzip, byte[] bytes) {
    static Body of(Random random) {
      boolean batch = random.nextBoolean();
      boolean gzip = random.nextInt(20) == 0;
      byte[] body = text(random, batch).getBytes(StandardCharsets.UTF_8);
      if (random.nextInt(3) == 0) {
        body = WireFault.damagedBytes(body, random);
      }
      return new Body(batch, gzip, gzip ? zipped(body, random) : body);
    }

    private static String text(Random random, boolean batch) {
      ObjectNode request = JSON.createObjectNode();
      request.put("text", RandomText.of(random, 300));
      if (random.nextBoolean()) {
        request
            .put("model", Wire.name(random))
            .put("context", RandomText.of(random, 100))
            .put("truncation", Fault.of(List.of("reject", "keep_head", "none"), random))
            .put("top_k", random.nextInt(5) - 1)
            .put("abstain_below", random.nextGaussian())
            .putObject("evidence")
            .put("max_span_count", random.nextInt(30) - 2);
      }
      ObjectNode whole = request;
      if (batch) {
        whole = JSON.createObjectNode();
        var requests = whole.putArray("requests");
        for (int i = random.nextInt(10); i > 0; i--) {
          requests.add(request.deepCopy());
        }
      }
      String body =
          random.nextInt(3) == 0
              ? whole.toString()
              : Fault.of(List.of(JsonFault.values()), random)
                  .damaged(whole, random, new StringBuilder());
      return switch (random.nextInt(12)) {
        case 0 -> "\ufeff" + body;
        case 1 -> body + Fault.of(List.of(" ", "\n", "{}", "null", "}", "\u0000"), random);
        case 2 -> Fault.of(List.of("[", "{\"a\":", "", "\"", "//", "/*"), random) + body;
        case 3 -> body.replace("\"", Fault.of(List.of("'", "\\\"", "\u201c", ""), random));
        case 4 -> body.replaceFirst("\\\\u....", Fault.of(List.of("\\\\ud800", "\\\\u00"), random));
        // As a message of gRPC begins, or a text in UTF-16 or UTF-32.
        case 6 -> "\u0000".repeat(1 + random.nextInt(4)) + body;
        case 7 -> body.charAt(0) + "\u0000".repeat(1 + random.nextInt(3)) + body;
        case 5 -> "[".repeat(random.nextInt(2_000)) + body + "]".repeat(random.nextInt(2_000));
        default -> body;
      };
    }

    @Override
    public String toString() {
      return "%s%s %s"
          .formatted(batch ? "batch" : "one", gzip ? " in gzip" : "", Fuzz.shown(bytes));
    }
  }

  @Test
  void body_ofAnyDoor_isAnsweredOrRefusedByName() throws InterruptedException {
    MESSAGES.run(
        getClass(),
        Body::of,
        body -> {
          try {
            LIMITS.checkBody(body.bytes().length);
            byte[] json =
                new RestBody.Received(body.bytes(), body.gzip(), LIMITS.maxMessageBytes())
                    .unpacked();
            Object answer =
                body.batch()
                    ? new JsonBatch.Answers(
                        join(
                                CLASSIFICATION.classifyAll(
                                    BATCH_READER.read(json).all(), JsonBatch::query, Deadline.NONE))
                            .stream()
                            .map(JsonAnswer::of)
                            .toList())
                    : JsonAnswer.of(
                        join(CLASSIFICATION.classify(READER.read(json).query(), Deadline.NONE)));
            assertTrue(JSON.readTree(JSON.writeValueAsBytes(answer)).isObject());
          } catch (NunchiException refused) {
            checkRefusal(refused);
          }
          awaitNothingWaits();
        });
  }

  /// Times and tokens as headers say them.
  @Test
  void header_ofAnyText_isReadAsNone() throws InterruptedException {
    MESSAGES.run(
        getClass(),
        random ->
            switch (random.nextInt(3)) {
              case 0 -> RandomText.of(random, 40);
              case 1 -> random.nextLong() + Fault.of(List.of("S", "n", "H", "", "ms"), random);
              default -> "Bearer " + RandomText.of(random, 40);
            },
        header -> {
          DeadlineInterceptor.deadline(header, System.nanoTime()).remaining(System.nanoTime());
          BearerTokens.token(header);
          assertFalse(ModelName.normalized(header).isEmpty() && !header.isBlank());
        });
  }

  private static byte[] zipped(byte[] bytes, Random random) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    byte[] all = compressed.toByteArray();
    return random.nextBoolean() ? all : WireFault.damagedBytes(all, random);
  }
}
