package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.Futures;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// What both front ends do with a query: check it, find its model, have it classified.
///
/// The caller's thread, an event loop, checks and tokenises, which takes tens of microseconds for a
/// comment and stays bounded by the limit on a text's bytes; moving it to another thread would cost
/// more than it. Nothing here blocks. The future is completed on an inference thread.
@Singleton
final class Classification {
  private final ModelRegistry models;
  private final Limits limits;
  private final Metrics metrics;

  Classification(ModelRegistry models, Limits limits, Metrics metrics) {
    this.models = models;
    this.limits = limits;
    this.metrics = metrics;
  }

  /// @return fails with a [NunchiException] where the query is refused; cancelling it spares the
  ///   run
  CompletableFuture<Answer> classify(Query query, Deadline deadline) {
    long arrivedAt = System.nanoTime();
    try {
      ServedModel model = models.find("model", query.model());
      CallRecord call = CallRecord.current();
      call.asked(model.name(), query.text());
      check(query);
      return Futures.map(
          model.classifier().classify(query.text(), query.truncation(), deadline),
          prediction -> {
            call.answered(prediction.tokenCount());
            metrics.answered(model.name(), query.truncation(), prediction);
            Duration total = Duration.ofNanos(System.nanoTime() - arrivedAt);
            return Answer.of(query, model, prediction, total);
          });
    } catch (NunchiException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void check(Query query) {
    limits.checkText("text", query.text());
    limits.checkText("context", query.context());
    if (query.topK() < 0) {
      throw NunchiException.ofField(
          Reason.INVALID_ARGUMENT,
          "top_k",
          "top_k is %d; it counts labels, or is 0 for all of them".formatted(query.topK()));
    }
    // Written so that NaN is refused too.
    if (query.abstainBelow().isPresent()
        && !(query.abstainBelow().getAsDouble() >= 0 && query.abstainBelow().getAsDouble() <= 1)) {
      throw NunchiException.ofField(
          Reason.INVALID_ARGUMENT,
          "abstain_below",
          "abstain_below is %s; it lies in [0, 1]".formatted(query.abstainBelow().getAsDouble()));
    }
    if (query.evidence()) {
      throw NunchiException.ofField(
          Reason.UNIMPLEMENTED, "evidence", "Evidence is not implemented yet; leave it out");
    }
  }
}
