package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.infer.RunReport.Share;
import dev.nunchi.infer.Terms.Urgency;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Truncation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class RunListenerTest {
  private final AtomicLong clock = new AtomicLong(1_000);
  private final FakeBackend backend = new FakeBackend(0);
  private final RunQueue queue =
      new RunQueue(
          new Workers(OptionalInt.of(1), 1).on(InferenceOptions.Device.CPU).executor(),
          1,
          100,
          clock::get,
          () -> {});

  /// Keeps what it is told, and whether the futures were still open then.
  private static final class Listening implements RunListener {
    final List<RunReport> reports = Collections.synchronizedList(new ArrayList<>());
    final List<Integer> encoded = Collections.synchronizedList(new ArrayList<>());
    final List<List<Long>> expired = Collections.synchronizedList(new ArrayList<>());
    volatile @Nullable CompletableFuture<Run> watched;
    volatile boolean wasDone;

    @Override
    public void encoded(int texts, long began, long ended) {
      encoded.add(texts);
    }

    @Override
    public void ran(RunReport run) {
      reports.add(run);
      CompletableFuture<Run> future = watched;
      wasDone = future != null && future.isDone();
    }

    @Override
    public void expired(long acceptedAt, long now) {
      expired.add(List.of(acceptedAt, now));
    }
  }

  @Test
  void run_textsOfTwoListeners_tellsTheFirstOfBothBeforeItAnswers() throws Exception {
    Listening one = new Listening();
    Listening other = new Listening();
    try (Scheduler scheduler = scheduler(BatchMates.nearlyFree(8, 1))) {
      CompletableFuture<Run> before = submit(scheduler, null, 1);
      backend.begun.acquire();
      clock.set(1_010);
      CompletableFuture<Run> first = submit(scheduler, one, 3);
      one.watched = first;
      clock.set(1_020);
      submit(scheduler, other, 2);
      submit(scheduler, null, 3);
      CompletableFuture<Run> last = submit(scheduler, one, 2);
      clock.set(1_100);
      backend.permits.release();
      before.get();
      backend.begun.acquire();
      clock.set(1_150);
      backend.permits.release();
      last.get();
    }
    assertFalse(one.wasDone, "it is told before the caller is");
    assertEquals(List.of(), other.reports);
    RunReport run = one.reports.getFirst();
    assertEquals(1, one.reports.size());
    assertEquals(List.of(new Share(one, 2, 1_010), new Share(other, 1, 1_020)), run.shares());
    assertEquals(
        List.of(1_100L, 1_100L, 1_150L), List.of(run.takenAt(), run.encodedAt(), run.endedAt()));
    assertEquals(
        List.of(4, 10, 0, 0),
        List.of(run.texts(), run.tokens(), run.paddingTokens(), run.encodedTexts()));
    assertFalse(run.alone());
    assertNull(run.failure());
  }

  @Test
  void run_oneTextWithNothingBeside_isToldAsAlone() throws Exception {
    Listening listener = new Listening();
    try (Scheduler scheduler = scheduler(BatchMates.none())) {
      backend.permits.release();
      submit(scheduler, listener, 3).get();
    }
    assertTrue(listener.reports.getFirst().alone());
  }

  @Test
  void run_backendFails_tellsOfTheFailureAndAnswersWithIt() {
    Listening listener = new Listening();
    backend.failure = new IllegalStateException("broken");
    backend.permits.release();
    try (Scheduler scheduler = scheduler(BatchMates.none())) {
      CompletableFuture<Run> run = submit(scheduler, listener, 3);
      assertSame(backend.failure, assertThrows(ExecutionException.class, run::get).getCause());
    }
    assertSame(backend.failure, listener.reports.getFirst().failure());
  }

  @Test
  void run_backendWithTooFewAnswers_leavesNobodyWithout() {
    Backend silent =
        new Backend() {
          @Override
          public float[][] logits(PaddedBatch batch) {
            return new float[0][];
          }

          @Override
          public void close() {}
        };
    try (Scheduler scheduler = new Scheduler(silent, 0, queue, BatchMates.none())) {
      CompletableFuture<Run> run = submit(scheduler, new Listening(), 3);
      assertThrows(ExecutionException.class, run::get);
    }
  }

  @Test
  void run_listenerThatThrows_leavesNobodyWithoutAnAnswer() throws Exception {
    RunListener broken =
        new RunListener() {
          @Override
          public void encoded(int texts, long began, long ended) {}

          @Override
          public void ran(RunReport run) {
            throw new IllegalStateException("listener");
          }

          @Override
          public void expired(long acceptedAt, long now) {}
        };
    backend.permits.release(2);
    try (Scheduler scheduler = scheduler(BatchMates.none())) {
      CompletableFuture<Run> run = submit(scheduler, broken, 3);
      assertThrows(ExecutionException.class, run::get);
      assertEquals(1, submit(scheduler, null, 3).get().logits()[0]);
    }
  }

  @Test
  void queue_turnComesTooLate_tellsSinceWhenItWaited() throws Exception {
    Listening listener = new Listening();
    try (Scheduler scheduler = scheduler(BatchMates.none())) {
      CompletableFuture<Run> before = submit(scheduler, null, 1);
      backend.begun.acquire();
      Deadline deadline = Deadline.after(Duration.ofNanos(50), clock.get());
      CompletableFuture<Run> late =
          scheduler
              .submit(
                  List.of(FakeBackend.input(1, 1)),
                  new Terms("somebody", Urgency.INTERACTIVE, deadline, listener))
              .getFirst();
      clock.addAndGet(60);
      backend.permits.release();
      before.get();
      ExecutionException missed = assertThrows(ExecutionException.class, late::get);
      assertEquals(
          Reason.DEADLINE_EXCEEDED,
          assertInstanceOf(NunchiException.class, missed.getCause()).reason());
    }
    assertEquals(List.of(List.of(1_000L, 1_060L)), listener.expired);
    assertEquals(List.of(), listener.reports);
  }

  @Test
  void classify_textsThatAreEncodedWhenTheyCome_tellsHowMany() throws Exception {
    Listening listener = new Listening();
    backend.permits.release(9);
    try (Classifier classifier = classifier(BatchMates.near(8, 100, 1))) {
      List<Question> questions =
          List.of("하나", "둘", "가".repeat(2_000)).stream()
              .map(text -> classifier.question(text, null, Truncation.KEEP_HEAD, false))
              .toList();
      for (CompletableFuture<Prediction> each : classifier.classify(questions, heardBy(listener))) {
        each.get();
      }
    }
    // The worker may have been faster with the short ones; the long one is its own.
    int before = listener.encoded.stream().mapToInt(Integer::intValue).sum();
    int later = listener.reports.stream().mapToInt(RunReport::encodedTexts).sum();
    assertTrue(before <= 2 && before + later >= 3, before + " and " + later);
  }

  @Test
  void classify_textThatCannotBeEncoded_tellsThatNoneWasRun() {
    Listening listener = new Listening();
    try (Classifier classifier = classifier(BatchMates.none())) {
      Question question = classifier.question("너무 길다", null, Truncation.REJECT, false);
      CompletableFuture<Prediction> prediction =
          classifier.classify(List.of(question), heardBy(listener)).getFirst();
      assertThrows(ExecutionException.class, prediction::get);
    }
    RunReport run = listener.reports.getFirst();
    assertEquals(0, run.texts());
    assertEquals(0, run.shares().getFirst().texts());
  }

  private Classifier classifier(BatchMates mates) {
    return new Classifier(
        (text, context, truncation) -> {
          if (truncation == Truncation.REJECT) {
            throw new NunchiException(Reason.TOO_MANY_TOKENS, "too many");
          }
          return encoding(Math.min(text.length(), 9));
        },
        backend,
        new ClassifierSettings(
            "fake", LabelSet.of("긍정", "부정"), ProblemType.SINGLE_LABEL_CLASSIFICATION, 1, 0, queue),
        mates,
        true);
  }

  private static Encoding encoding(int length) {
    return FakeBackend.encoding(1, length);
  }

  private static Terms heardBy(RunListener listener) {
    return Terms.until(Deadline.NONE).heardBy(listener);
  }

  private Scheduler scheduler(BatchMates mates) {
    return new Scheduler(backend, 0, queue, mates);
  }

  private static CompletableFuture<Run> submit(
      Scheduler scheduler, @Nullable RunListener listener, int length) {
    return scheduler
        .submit(List.of(FakeBackend.input(1, length)), Terms.until(Deadline.NONE).heardBy(listener))
        .getFirst();
  }
}
