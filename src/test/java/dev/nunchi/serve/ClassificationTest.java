package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.infer.Admission;
import dev.nunchi.infer.Backend;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.ClassifierSettings;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Workers;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Span;
import dev.nunchi.text.Truncation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two models with one worker each, which waits for permits: `small` with 2 places, `large` with 8.
@Timeout(20)
class ClassificationTest {
  private static final String TOO_LONG = "너무 긴 글";
  private static final LabelSet LABELS = LabelSet.of("긍정", "부정");

  /// Gives a text its first id as a logit, one text for each permit.
  private static final class Gate implements Backend {
    final Semaphore permits = new Semaphore(0);
    final Semaphore begun = new Semaphore(0);
    volatile boolean broken;

    @Override
    public float[][] logits(PaddedBatch batch) {
      begun.release();
      permits.acquireUninterruptibly();
      if (broken) {
        throw new IllegalStateException("broken");
      }
      return new float[][] {{batch.inputIds()[0], 0}};
    }

    @Override
    public void close() {}
  }

  private final Gate small = new Gate();
  private final Gate large = new Gate();
  private final ServedModel smallModel = model("small", small, 2);
  private final ServedModel largeModel = model("large", large, 12);
  private final ModelRegistry models = new ModelRegistry(List.of(largeModel, smallModel));
  private final Classification classification =
      new Classification(
          models,
          new Limits(100, 6, 1000, 4, 4, 8),
          Allowances.unlimited(),
          new Metrics(new SimpleMeterRegistry()));

  @AfterEach
  void close() {
    small.permits.release(1000);
    large.permits.release(1000);
    smallModel.loaded().close();
    largeModel.loaded().close();
  }

  @Test
  void classifyAll_oneModelHasNoRoom_givesBackWhatTheOtherTook() throws Exception {
    occupy(small, "small");
    occupy(large, "large");
    CompletableFuture<List<Answer>> accepted = batch(List.of("small", "small"));
    NunchiException refused = refusal(batch(List.of("large", "small", "large")));
    assertEquals(Reason.OVERLOADED, refused.reason());
    assertNull(refused.field());
    assertEquals(0, largeModel.classifier().waitingCount());
    assertEquals(2, smallModel.classifier().waitingCount());
    small.permits.release(3);
    assertEquals(2, accepted.get().size());
  }

  @Test
  void classifyAll_moreThanAModelEverTakes_isRefusedByName() throws Exception {
    occupy(large, "large");
    NunchiException refused = refusal(batch(List.of("large", "small", "small", "small")));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertEquals("requests", refused.field());
    assertEquals(0, largeModel.classifier().waitingCount());
  }

  @Test
  void classifyAll_badRequestAmongGood_queuesNothing() throws Exception {
    occupy(large, "large");
    NunchiException refused = refusal(batch(List.of("large", "large", "nobody")));
    assertEquals(Reason.MODEL_NOT_FOUND, refused.reason());
    assertEquals("requests[2].model", refused.field());
    assertEquals(0, largeModel.classifier().waitingCount());
  }

  /// Whichever of them a worker comes to first.
  @Test
  void classifyAll_textsOfTooManyTokens_namesTheFirst() throws Exception {
    occupy(small, "small");
    occupy(large, "large");
    CompletableFuture<List<Answer>> batch =
        classification.classifyAll(
            List.of(query("small", false), tooLong("large"), tooLong("small")),
            Function.identity(),
            Deadline.NONE);
    small.permits.release(9);
    large.permits.release(9);
    NunchiException refused = refusal(batch);
    assertEquals(Reason.TOO_MANY_TOKENS, refused.reason());
    assertEquals("requests[1].text", refused.field());
  }

  @Test
  void classifyAll_modelIsReplacedMeanwhile_asksTheOneThatItBeganWith() throws Exception {
    ServedModel newer =
        model(
            "small",
            new Gate(),
            2,
            (_, _, _) -> {
              throw new IllegalStateException("another vocabulary");
            });
    small.permits.release(9);
    CompletableFuture<List<Answer>> batch =
        classification.classifyAll(
            List.of("first", "second"),
            text -> {
              if (text.equals("second")) {
                models.put(newer);
              }
              return query(text, "small", false);
            },
            Deadline.NONE);
    assertEquals(2, batch.get(20, TimeUnit.SECONDS).size());
    newer.loaded().close();
  }

  @Test
  void classifyAll_cancelled_givesAllPlacesBack() throws Exception {
    occupy(small, "small");
    occupy(large, "large");
    CompletableFuture<List<Answer>> batch = batch(List.of("large", "small", "large"));
    assertEquals(2, largeModel.classifier().waitingCount());
    assertEquals(1, smallModel.classifier().waitingCount());
    batch.cancel(false);
    assertEquals(0, largeModel.classifier().waitingCount());
    assertEquals(0, smallModel.classifier().waitingCount());
  }

  @Test
  void classifyAll_oneTextFails_failsAllAndCancelsTheRest() throws Exception {
    occupy(large, "large");
    occupy(small, "small");
    CompletableFuture<List<Answer>> batch = batch(List.of("small", "large", "large"));
    small.broken = true;
    small.permits.release(2);
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> batch.get(20, TimeUnit.SECONDS));
    assertEquals(
        "broken", assertInstanceOf(IllegalStateException.class, failed.getCause()).getMessage());
    // The caller hears of the failure first; the rest is cancelled right after.
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (largeModel.classifier().waitingCount() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(0, largeModel.classifier().waitingCount());
  }

  @Test
  void classify_evidenceForMoreThanTheQueueTakes_isRefusedByName() {
    NunchiException refused = refusal(classification.classify(query("small", true), Deadline.NONE));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertEquals("evidence", refused.field());
  }

  @Test
  void classify_evidence_takesAPlaceForEachRun() throws Exception {
    occupy(large, "large");
    CompletableFuture<Answer> answer = classification.classify(query("large", true), Deadline.NONE);
    assertEquals(4, largeModel.classifier().waitingCount());
    CompletableFuture<Answer> other = classification.classify(query("large", true), Deadline.NONE);
    assertEquals(8, largeModel.classifier().waitingCount());
    assertEquals(
        Reason.OVERLOADED,
        refusal(classification.classify(query("large", true), Deadline.NONE)).reason());
    large.permits.release(100);
    assertEquals(3, answer.get().evidence().orElseThrow().size());
    assertEquals(3, other.get().evidence().orElseThrow().size());
  }

  @Test
  void classifyWhenFree_noRoom_waitsInsteadOfBeingRefused() throws Exception {
    occupy(small, "small");
    List<Admission<Answer>> items = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      items.add(classification.classifyWhenFree(query("small", false), Deadline.NONE));
    }
    assertEquals(2, smallModel.classifier().waitingCount());
    assertEquals(2, items.stream().filter(item -> item.admitted().isDone()).count());
    small.permits.release(100);
    for (Admission<Answer> item : items) {
      assertEquals("small", item.answer().get().model());
    }
  }

  @Test
  void anyCall_modelIsStopped_isUnavailable() {
    large.permits.release(1000);
    largeModel.loaded().close();
    assertEquals(
        Reason.UNAVAILABLE,
        refusal(classification.classify(query("large", false), Deadline.NONE)).reason());
    assertEquals(Reason.UNAVAILABLE, refusal(batch(List.of("large"))).reason());
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () -> classification.classifyWhenFree(query("large", false), Deadline.NONE));
    assertEquals(Reason.UNAVAILABLE, refused.reason());
  }

  /// What the queue refuses at once costs the caller nothing; what it has accepted is spent.
  @Test
  void anyCall_refusedByTheQueue_givesTheCallersTextsBack() throws Exception {
    Allowances allowances =
        new Allowances(
            new Allowances.Settings(
                TextLimit.Given.NOTHING.with(TextLimit.QUOTA, "9"), Optional.empty(), 10),
            1,
            () -> 0,
            InstantSource.fixed(Instant.EPOCH));
    Classification counting =
        new Classification(
            new ModelRegistry(List.of(largeModel, smallModel)),
            new Limits(100, 6, 1000, 4, 4, 8),
            allowances,
            new Metrics(new SimpleMeterRegistry()));
    Function<List<String>, CompletableFuture<List<Answer>>> batch =
        models ->
            counting.classifyAll(
                models.stream().map(model -> query(model, false)).toList(),
                Function.identity(),
                Deadline.NONE);
    occupy(small, "small");
    CompletableFuture<List<Answer>> accepted = batch.apply(List.of("small", "small"));
    for (int i = 0; i < 3; i++) {
      assertEquals(
          Reason.OVERLOADED,
          refusal(batch.apply(List.of("large", "large", "large", "small", "small"))).reason());
      assertEquals(
          Reason.OVERLOADED,
          refusal(counting.classify(query("small", false), Deadline.NONE)).reason());
    }
    // Two of nine are spent.
    allowances.take(Identity.UNKNOWN, 7, "requests").giveBack();
    assertEquals(
        Reason.QUOTA_EXCEEDED,
        assertThrows(NunchiException.class, () -> allowances.take(Identity.UNKNOWN, 8, "requests"))
            .reason());
    accepted.cancel(false);
    small.permits.release(1000);
    smallModel.loaded().close();
    assertThrows(
        NunchiException.class,
        () -> counting.classifyWhenFree(query("small", false), Deadline.NONE));
    // As it is cancelled, so it is spent; what came to a model that is stopped is not.
    allowances.take(Identity.UNKNOWN, 7, "requests");
  }

  /// Has the model's worker at work on a text.
  private void occupy(Gate gate, String model) throws InterruptedException {
    CompletableFuture<Answer> running = classification.classify(query(model, false), Deadline.NONE);
    assertTrue(gate.begun.tryAcquire(20, TimeUnit.SECONDS));
    assertFalse(running.isDone());
  }

  private CompletableFuture<List<Answer>> batch(List<String> models) {
    return classification.classifyAll(
        models.stream().map(model -> query(model, false)).toList(),
        Function.identity(),
        Deadline.NONE);
  }

  private static NunchiException refusal(CompletableFuture<?> answer) {
    return assertInstanceOf(
        NunchiException.class,
        assertThrows(ExecutionException.class, () -> answer.get(20, TimeUnit.SECONDS)).getCause());
  }

  private static Query query(String model, boolean evidence) {
    return query("이 영화 좋다", model, evidence);
  }

  private static Query tooLong(String model) {
    return query(TOO_LONG, model, false);
  }

  private static Query query(String text, String model, boolean evidence) {
    return new Query(
        text,
        model,
        "",
        Truncation.REJECT,
        0,
        OptionalDouble.empty(),
        evidence ? OptionalInt.of(0) : OptionalInt.empty());
  }

  private static ServedModel model(String name, Backend backend, int places) {
    return model(name, backend, places, (text, _, _) -> words(text));
  }

  private static ServedModel model(String name, Backend backend, int places, Encoder encoder) {
    Manifest manifest =
        Manifest.of(
            name, LABELS, ProblemType.SINGLE_LABEL_CLASSIFICATION, Normalization.STANDARD, 24);
    Classifier classifier =
        new Classifier(
            encoder,
            backend,
            new ClassifierSettings(
                "tiny",
                LABELS,
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                1,
                0,
                new Workers(OptionalInt.of(1), places).on(InferenceOptions.Device.CPU)));
    return new ServedModel(name, new LoadedModel(manifest, 24, "cpu", classifier));
  }

  /// One token for each word.
  private static Encoding words(String text) {
    if (text.equals(TOO_LONG)) {
      throw NunchiException.ofField(Reason.TOO_MANY_TOKENS, "text", "too long");
    }
    List<Span> spans = new ArrayList<>();
    for (String word : text.split(" ", -1)) {
      int start = text.indexOf(word);
      spans.add(new Span(start, start + word.length()));
    }
    int[] ids = Collections.nCopies(spans.size(), 1).stream().mapToInt(Integer::intValue).toArray();
    return new Encoding(ids, new int[ids.length], spans, ids.length, 0, false);
  }
}
