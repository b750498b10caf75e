package dev.nunchi.infer;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/// Texts in, predictions out: one model with its queue and its threads. Safe for several threads.
///
/// A server calls [#classify] for each text. Who has many texts at hand and can wait calls
/// [#encode] for each and [#classifyAll] for all: batches of near-equal length, past the queue.
public final class Classifier implements AutoCloseable {
  private final Encoder encoder;
  private final Backend backend;
  private final ClassifierSettings settings;
  private final Scheduler scheduler;

  /// @param encoder owned by the classifier from now on, as is the backend
  public Classifier(Encoder encoder, Backend backend, ClassifierSettings settings) {
    this.encoder = encoder;
    this.backend = backend;
    this.settings = settings;
    this.scheduler =
        new Scheduler(
            "nunchi-" + settings.name(),
            backend,
            settings.padTokenId(),
            settings.workerCount(),
            settings.queueCapacity(),
            System::nanoTime);
  }

  public LabelSet labels() {
    return settings.labels();
  }

  /// Texts that wait to be run now.
  public int waitingCount() {
    return scheduler.waitingCount();
  }

  /// The text's token ids; the caller's thread does the work, tens of microseconds for a comment.
  ///
  /// @throws NunchiException of field `text`: `EMPTY_TEXT`, `TOO_MANY_TOKENS` under
  ///   [Truncation#REJECT], `INVALID_UTF8` if half of a surrogate pair stands alone
  public Encoding encode(String text, Truncation truncation) {
    if (hasUnpairedSurrogate(text)) {
      throw NunchiException.ofField(
          Reason.INVALID_UTF8,
          "text",
          "The text has half of a surrogate pair, which is no character");
    }
    return encoder.encode(text, truncation);
  }

  /// Classifies one text. Encodes on the caller's thread, then never blocks it; the future is
  /// completed on an inference thread, so its dependents must be short. Cancelling the future
  /// spares the run if its turn has not come.
  ///
  /// @return fails with a [NunchiException] as [#encode], or `OVERLOADED`, `UNAVAILABLE` or
  ///   `DEADLINE_EXCEEDED`
  public CompletableFuture<Prediction> classify(
      String text, Truncation truncation, Deadline deadline) {
    try {
      Encoding encoding = encode(text, truncation);
      return Futures.map(scheduler.submit(encoding, deadline), run -> prediction(encoding, run));
    } catch (NunchiException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /// Predictions for encodings of [#encode] in their order; blocks until all are there.
  ///
  /// @param batchSize most texts in one call of the backend
  public List<Prediction> classifyAll(List<Encoding> encodings, int batchSize) {
    List<Run> runs =
        new BulkRun(backend, settings.padTokenId(), settings.workerCount(), batchSize)
            .run(encodings);
    return IntStream.range(0, runs.size())
        .mapToObj(i -> prediction(encodings.get(i), runs.get(i)))
        .toList();
  }

  /// Refuses what comes from now on, answers all that was accepted, then closes the backend and the
  /// encoder.
  @Override
  public void close() {
    scheduler.close();
    backend.close();
    encoder.close();
  }

  private Prediction prediction(Encoding encoding, Run run) {
    return new Prediction(
        settings.labels(),
        IntStream.range(0, run.logits().length).mapToObj(i -> run.logits()[i]).toList(),
        Scores.of(run.logits(), settings.problemType(), settings.temperature()),
        encoding.tokenCount(),
        encoding.truncated(),
        (double) encoding.unknownCount() / encoding.length(),
        run.queueDuration(),
        run.inferenceDuration());
  }

  private static boolean hasUnpairedSurrogate(String text) {
    return text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }
}
