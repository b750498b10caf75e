package dev.nunchi.infer;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.ComputedNumbers;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Surrogates;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Texts in, predictions out: one model with its queue. Safe for several threads.
///
/// A server calls [#question] for each text, and [#classify(List, Terms)] for those that come
/// together, or [#classifyWhenFree] for one of a stream. Who has many texts at hand and can wait
/// calls [#encode] for each and [#classifyAll] for all: batches of near-equal length, past the
/// queue.
public final class Classifier implements AutoCloseable {
  /// Where nothing speaks against it.
  public static final int USUAL_BATCH_SIZE = 32;

  private final Encoder encoder;
  private final Backend backend;
  private final ClassifierSettings settings;
  private final Scheduler scheduler;
  private final boolean alike;
  private volatile boolean closed;

  /// @param encoder owned by the classifier from now on, as is the backend
  public Classifier(Encoder encoder, Backend backend, ClassifierSettings settings) {
    this(encoder, backend, settings, BatchMates.none(), true);
  }

  /// @param mates the models that a text may be run with
  /// @param alike whether a text's logits are the same whatever is run beside it
  Classifier(
      Encoder encoder,
      Backend backend,
      ClassifierSettings settings,
      BatchMates mates,
      boolean alike) {
    this.alike = alike;
    this.encoder = encoder;
    this.backend = backend;
    this.settings = settings;
    this.scheduler = new Scheduler(backend, settings.padTokenId(), settings.queue(), mates);
  }

  public LabelSet labels() {
    return settings.labels();
  }

  /// Texts that wait to be run now.
  public int waitingCount() {
    return scheduler.waitingCount();
  }

  /// Texts that were refused so far, or given up while they waited.
  public long refusedCount(Refusal why) {
    return scheduler.refusedCount(why);
  }

  /// How long its texts have kept the workers so far.
  public RunTimes times() {
    return scheduler.times();
  }

  /// How long all that is in its queue now, also of other models, is expected to take.
  public Duration expectedQueueDuration() {
    return Duration.ofNanos(settings.queue().expectedNanos());
  }

  /// The text's token ids; the caller's thread does the work, tens of microseconds for a comment.
  ///
  /// @throws NunchiException of field `text`: `EMPTY_TEXT`, `TOO_MANY_TOKENS` under
  ///   [Truncation#REJECT], `INVALID_UTF8` if half of a surrogate pair stands alone
  public Encoding encode(String text, Truncation truncation) {
    return encode(text, null, truncation);
  }

  /// A text that is ready to be queued: checked, but not encoded, which is done when its turn has
  /// come. What only tokens show is the failure of its prediction.
  ///
  /// @param context null for none, and for a model that has no place for it
  /// @param evidence whether to ask for it too, with up to [Occlusion#MAX_COUNT] further runs
  /// @throws NunchiException of field `text`: `EMPTY_TEXT` where it has nothing to look at,
  ///   `INVALID_UTF8` if half of a surrogate pair stands alone, also of field `context`;
  ///   `UNAVAILABLE` after [#close]
  public Question question(
      String text, @Nullable String context, Truncation truncation, boolean evidence) {
    requireReadable(text, context);
    TextEncoder.requireContent(text);
    return new Question(encoder, text, context, truncation, evidence);
  }

  /// Classifies one text, and never blocks; the future is completed by the thread that ran the
  /// text, so its dependents must be short. Cancelling the future spares the run if its turn has
  /// not come.
  ///
  /// @return fails with a [NunchiException] as [#encode], or as [#classify(List, Terms)]
  public CompletableFuture<Prediction> classify(
      String text, Truncation truncation, Deadline deadline) {
    try {
      Question question = question(text, null, truncation, false);
      return classify(List.of(question), Terms.until(deadline)).getFirst();
    } catch (NunchiException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /// Queues all of these or none, and never blocks. The futures are completed by the threads that
  /// ran the texts, so their dependents must be short. Cancelling a future spares its runs if their
  /// turn has not come.
  ///
  /// @return in order; each fails with a [NunchiException]: `DEADLINE_EXCEEDED`, or `OVERLOADED`
  ///   where its turn comes too late for an answer in time, or what [#encode] throws, when its turn
  ///   has come
  /// @throws NunchiException `OVERLOADED` if the queue has too few places or the deadline would
  ///   pass before they are run, `DEADLINE_EXCEEDED` if it has, `UNAVAILABLE` after [#close],
  ///   `INVALID_ARGUMENT` for more than the queue ever takes
  public List<CompletableFuture<Prediction>> classify(List<Question> questions, Terms terms) {
    List<CompletableFuture<Run>> runs =
        scheduler.submit(
            questions.stream().flatMap(question -> question.inputs().stream()).toList(), terms);
    prepare(questions, terms.listener());
    List<CompletableFuture<Prediction>> predictions = new ArrayList<>(questions.size());
    int from = 0;
    for (Question question : questions) {
      int to = from + question.runCount();
      predictions.add(
          to == from + 1
              ? Futures.map(runs.get(from), run -> prediction(question, List.of(run)))
              : Futures.map(Futures.all(runs.subList(from, to)), all -> prediction(question, all)));
      from = to;
    }
    return predictions;
  }

  /// As [#classify(List, Terms)], but waits for places where there are too few. Who calls this
  /// gives the next one only when the last was admitted.
  ///
  /// @throws NunchiException `UNAVAILABLE` after [#close], `INVALID_ARGUMENT` for more than the
  ///   queue ever takes
  public Admission<Prediction> classifyWhenFree(Question question, Terms terms) {
    Admission<List<Run>> admission = scheduler.submitWhenFree(question.inputs(), terms);
    prepare(List.of(question), terms.listener());
    return admission.map(runs -> prediction(question, runs));
  }

  /// How many texts [#classifyAll] is best given for a call of the backend: one where the answer to
  /// a text depends on what is run beside it, or where that is not known.
  public int usualBatchSize() {
    return alike ? USUAL_BATCH_SIZE : 1;
  }

  /// Predictions for encodings of [#encode] in their order; blocks until all are there.
  ///
  /// @param batchSize most texts in one call of the backend
  public List<Prediction> classifyAll(List<Encoding> encodings, int batchSize) {
    List<Run> runs =
        new BulkRun(backend, settings.padTokenId(), settings.queue().executor(), batchSize)
            .run(encodings);
    return IntStream.range(0, runs.size())
        .mapToObj(i -> prediction(encodings.get(i), runs.get(i), List.of()))
        .toList();
  }

  /// Refuses what comes from now on, answers all that was accepted, then closes the backend and the
  /// encoder.
  @Override
  public void close() {
    closed = true;
    scheduler.close();
    backend.close();
    encoder.close();
  }

  /// The token ids of a text with a context, as [#encode(String, Truncation)].
  ///
  /// @param context null for none, and for a model that has no place for it
  /// @throws NunchiException as there; `INVALID_UTF8` also of field `context`
  public Encoding encode(String text, @Nullable String context, Truncation truncation) {
    requireReadable(text, context);
    return encoder.encode(text, context, truncation);
  }

  private void requireReadable(String text, @Nullable String context) {
    if (closed) {
      throw new NunchiException(Reason.UNAVAILABLE, "The model is being stopped");
    }
    requirePairs("text", text);
    if (context != null) {
      requirePairs("context", context);
    }
  }

  /// Encodes what has been accepted, where those who may be run together are told by their lengths.
  private void prepare(List<Question> questions, @Nullable RunListener listener) {
    if (!scheduler.mates().needLengths()) {
      return;
    }
    if (listener == null) {
      questions.forEach(Question::prepare);
      return;
    }
    long began = System.nanoTime();
    int encoded = 0;
    for (Question question : questions) {
      encoded += question.prepare() ? 1 : 0;
    }
    if (encoded > 0) {
      listener.encoded(encoded, began, System.nanoTime());
    }
  }

  /// @param runs of the whole text, then of its occlusions
  private Prediction prediction(Question question, List<Run> runs) {
    Scores whole = scores(runs.getFirst());
    List<Evidence> evidence =
        IntStream.rangeClosed(1, question.occlusions().size())
            .mapToObj(i ->
                new Evidence(
                    question.occlusions().get(i - 1).span(),
                    whole.get(whole.best()) - scores(runs.get(i)).get(whole.best())))
            .sorted(
                Comparator.comparingDouble((Evidence each) -> Math.abs(each.weight())).reversed())
            .toList();
    return prediction(question.encoding(), runs.getFirst(), evidence);
  }

  /// @throws NunchiException `FAILED_CHECK` where the model does not compute numbers
  private Scores scores(Run run) {
    ComputedNumbers.requireFinite(run.logits(), settings.model());
    return Scores.of(run.logits(), settings.problemType(), settings.temperature());
  }

  private Prediction prediction(Encoding encoding, Run run, List<Evidence> evidence) {
    return new Prediction(
        settings.labels(),
        IntStream.range(0, run.logits().length).mapToObj(i -> run.logits()[i]).toList(),
        scores(run),
        encoding.tokenCount(),
        encoding.truncated(),
        (double) encoding.unknownCount() / encoding.length(),
        encoding.hasContext(),
        evidence,
        run.queueDuration(),
        run.inferenceDuration());
  }

  private static void requirePairs(String field, String text) {
    if (!Surrogates.arePaired(text)) {
      throw NunchiException.ofField(
          Reason.INVALID_UTF8,
          field,
          "The %s has half of a surrogate pair, which is no character".formatted(field));
    }
  }
}
