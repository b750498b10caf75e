package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Truncation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class ClassifierTest {
  private static final LabelSet LABELS = LabelSet.of("긍정", "부정");
  private static final String TOO_LONG = "long";

  private final List<String> encoded = Collections.synchronizedList(new ArrayList<>());

  @Test
  void classify_text_scoresItsLogits() throws Exception {
    try (Classifier classifier = classifier(FakeBackend.open(), 10)) {
      Prediction prediction = classify(classifier, "12").get();
      assertEquals(List.of(12f, -12f), prediction.logits());
      assertEquals("긍정", prediction.best().name());
      // softmax of 12 / 2 and -12 / 2
      assertEquals(1 / (1 + Math.exp(-12)), prediction.confidence(), 1e-12);
      assertTrue(prediction.polarity().isEmpty());
      assertEquals(2, prediction.tokenCount());
    }
  }

  @Test
  void classify_refusedText_failsTheFuture() {
    try (Classifier classifier = classifier(FakeBackend.open(), 10)) {
      assertEquals(Reason.EMPTY_TEXT, refusal(classify(classifier, "")).reason());
    }
  }

  @Test
  void classify_unpairedSurrogate_isRefused() {
    try (Classifier classifier = classifier(FakeBackend.open(), 10)) {
      for (String text : List.of("1\ud83d", "\ude001", "\ude00\ud83d")) {
        NunchiException refusal = refusal(classify(classifier, text));
        assertEquals(Reason.INVALID_UTF8, refusal.reason());
        assertEquals("text", refusal.field());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void classify_logitThatIsNoNumber_isTheModelsFault(float logit) {
    Backend broken =
        new Backend() {
          @Override
          public float[][] logits(PaddedBatch batch) {
            return new float[][] {{0, logit}};
          }

          @Override
          public void close() {}
        };
    try (Classifier classifier = classifier(broken, 1)) {
      NunchiException refusal = refusal(classify(classifier, "1"));
      assertEquals(Reason.FAILED_CHECK, refusal.reason());
      assertTrue(
          refusal.getMessage().startsWith("The model tiny computes " + logit),
          refusal.getMessage());
    }
  }

  @Test
  void classify_queueFull_failsTheFuture() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Classifier classifier = classifier(backend, 1)) {
      CompletableFuture<Prediction> running = classify(classifier, "1");
      backend.begun.acquire();
      CompletableFuture<Prediction> waiting = classify(classifier, "2");
      assertEquals(1, classifier.waitingCount());
      assertEquals(Reason.OVERLOADED, refusal(classify(classifier, "3")).reason());
      backend.permits.release(2);
      running.get();
      waiting.get();
    }
  }

  /// Who gets no place, and whose time runs out before his turn, costs no tokenising.
  @Test
  void classify_refusedOrLate_isNotEncoded() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Classifier classifier = classifier(backend, 2)) {
      CompletableFuture<Prediction> running = classify(classifier, "1");
      backend.begun.acquire();
      Deadline soon = Deadline.after(Duration.ofMillis(1), System.nanoTime());
      CompletableFuture<Prediction> late = classifier.classify("22", Truncation.REJECT, soon);
      CompletableFuture<Prediction> waiting = classify(classifier, "333");
      assertEquals(Reason.OVERLOADED, refusal(classify(classifier, "4444")).reason());
      assertEquals(List.of("1"), encoded, "encoded before its turn");
      while (soon.remaining(System.nanoTime()).orElseThrow().isPositive()) {
        Thread.onSpinWait();
      }
      backend.permits.release(9);
      running.get();
      waiting.get();
      assertEquals(Reason.DEADLINE_EXCEEDED, refusal(late).reason());
      assertEquals(List.of("1", "333"), encoded);
    }
  }

  /// Only tokens show it, so it waits for its turn; those beside it are answered.
  @Test
  void classify_textThatCannotBeEncoded_failsAlone() throws Exception {
    FakeBackend backend = FakeBackend.open();
    try (Classifier classifier = classifier(backend, 9)) {
      Question good = classifier.question("7", null, Truncation.REJECT, false);
      Question bad = classifier.question(TOO_LONG, null, Truncation.REJECT, false);
      List<CompletableFuture<Prediction>> both =
          classifier.classify(List.of(bad, good), Terms.until(Deadline.NONE));
      assertEquals(Reason.TOO_MANY_TOKENS, refusal(both.getFirst()).reason());
      assertEquals(7, both.getLast().get().logits().getFirst());
      assertEquals(1, backend.batches.size());
    }
  }

  @Test
  void classify_cancelled_isNotRun() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    try (Classifier classifier = classifier(backend, 5)) {
      CompletableFuture<Prediction> running = classify(classifier, "1");
      backend.begun.acquire();
      CompletableFuture<Prediction> cancelled = classify(classifier, "2");
      cancelled.cancel(false);
      CompletableFuture<Prediction> last = classify(classifier, "3");
      backend.permits.release(2);
      running.get();
      last.get();
      assertEquals(2, backend.batches.size());
    }
  }

  @Test
  void classifyAll_lengthsMixed_answersInOrderInBatchesOfNearEqualLength() {
    FakeBackend backend = FakeBackend.open();
    List<Encoding> encodings = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      encodings.add(FakeBackend.encoding(i, i + 1));
    }
    Collections.shuffle(encodings, new Random(7));
    try (Classifier classifier = classifier(backend, 10)) {
      List<Prediction> predictions = classifier.classifyAll(encodings, 4);
      for (int i = 0; i < encodings.size(); i++) {
        assertEquals(encodings.get(i).inputIds()[0], predictions.get(i).logits().getFirst());
      }
    }
    assertEquals(5, backend.batches.size());
    for (List<Integer> lengths : backend.batches) {
      assertEquals(3, Collections.max(lengths) - Collections.min(lengths));
    }
  }

  @Test
  void classifyAll_backendThatFails_throwsWhatItThrew() {
    NunchiException thrown = new NunchiException(Reason.UNAVAILABLE, "It cannot be run");
    Backend broken =
        new Backend() {
          @Override
          public float[][] logits(PaddedBatch batch) {
            throw thrown;
          }

          @Override
          public void close() {}
        };
    try (Classifier classifier = classifier(broken, 1)) {
      assertSame(
          thrown,
          assertThrows(
              NunchiException.class,
              () -> classifier.classifyAll(List.of(FakeBackend.encoding(1, 2)), 4)));
    }
  }

  @Test
  void classifyAll_noTexts_isEmpty() {
    try (Classifier classifier = classifier(FakeBackend.open(), 10)) {
      assertEquals(List.of(), classifier.classifyAll(List.of(), 4));
    }
  }

  @Test
  void close_closesTheBackendWhenAllIsAnswered() throws Exception {
    FakeBackend backend = new FakeBackend(0);
    Classifier classifier = classifier(backend, 10);
    CompletableFuture<Prediction> accepted = classify(classifier, "1");
    CompletableFuture<Void> closed = CompletableFuture.runAsync(classifier::close);
    assertFalse(backend.closed);
    backend.permits.release();
    closed.get(20, TimeUnit.SECONDS);
    assertEquals(1, accepted.get().logits().getFirst());
    assertTrue(backend.closed);
    assertEquals(Reason.UNAVAILABLE, refusal(classify(classifier, "1")).reason());
  }

  private Classifier classifier(Backend backend, int queueCapacity) {
    return new Classifier(
        this::encode,
        backend,
        new ClassifierSettings(
            "tiny",
            LABELS,
            ProblemType.SINGLE_LABEL_CLASSIFICATION,
            2,
            0,
            new Workers(OptionalInt.of(1), queueCapacity).on(InferenceOptions.Device.CPU)));
  }

  /// A text is a number, which becomes every id.
  private Encoding encode(String text, @Nullable String context, Truncation truncation) {
    encoded.add(text);
    if (text.equals(TOO_LONG)) {
      throw NunchiException.ofField(Reason.TOO_MANY_TOKENS, "text", "too long");
    }
    if (text.isEmpty()) {
      throw NunchiException.ofField(Reason.EMPTY_TEXT, "text", "empty");
    }
    return FakeBackend.encoding(Integer.parseInt(text), text.length());
  }

  private static CompletableFuture<Prediction> classify(Classifier classifier, String text) {
    return classifier.classify(text, Truncation.REJECT, Deadline.NONE);
  }

  private static NunchiException refusal(CompletableFuture<Prediction> answer) {
    return assertInstanceOf(
        NunchiException.class,
        assertThrows(ExecutionException.class, () -> answer.get(20, TimeUnit.SECONDS)).getCause());
  }
}
