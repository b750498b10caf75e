package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.infer.Admission;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.Futures;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.Question;
import dev.nunchi.infer.Terms;
import dev.nunchi.infer.Terms.Urgency;
import dev.nunchi.serve.Allowances.Taken;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What both front ends do with a query: check it, find its model, have it classified.
///
/// The caller's thread, an event loop, checks what shows without tokens, which takes microseconds,
/// and has the text admitted by how long it is expected to be; whoever runs it tokenises (for
/// adapters of a base, which are run together by their lengths, the caller's thread does so once it
/// is admitted). So a query that is refused as there is too much to do costs no more than that. Of
/// a query that is wrong in itself this is said first, and that it is too long for the model when
/// its turn has come. Nothing here blocks. Futures are completed by the thread that ran the text,
/// and cancelling one spares what has not been run.
@Singleton
final class Classification {
  /// A query that has passed every check but that of its tokens and is ready to be queued.
  ///
  /// @param arrivedAt [System#nanoTime] when the request came
  /// @param call what the access log and its trace say of the call that it came in
  private record Checked(
      Query query, ServedModel model, Question question, long arrivedAt, CallRecord call) {}

  private final ModelRegistry models;
  private final Limits limits;
  private final Allowances allowances;
  private final Metrics metrics;

  Classification(ModelRegistry models, Limits limits, Allowances allowances, Metrics metrics) {
    this.models = models;
    this.limits = limits;
    this.allowances = allowances;
    this.metrics = metrics;
  }

  /// One query alone.
  ///
  /// @return fails with a [NunchiException] where the query is refused
  CompletableFuture<Answer> classify(Query query, Deadline deadline) {
    try {
      Terms terms = new Terms(Callers.current(), Urgency.INTERACTIVE, deadline);
      Checked checked = checked(query, model(query));
      return Futures.map(
          queued(List.of(checked), "evidence", terms).getFirst(),
          prediction -> answer(checked, prediction));
    } catch (NunchiException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /// The queries of one batch: all are checked before any is queued, and all are answered or none.
  /// Of several whose tokens are too many the first is named.
  ///
  /// @param read the query of a request, which may throw a [NunchiException]
  /// @return in order; fails with a [NunchiException] where the batch or one of its queries is
  ///   refused, its field as `requests[3].text`
  <T> CompletableFuture<List<Answer>> classifyAll(
      List<T> requests, Function<T, Query> read, Deadline deadline) {
    try {
      limits.checkBatch("requests", requests.size());
      Terms terms = new Terms(Callers.current(), Urgency.BULK, deadline);
      List<Checked> batch = new ArrayList<>(requests.size());
      // One name is one model, also where another takes its place meanwhile.
      Map<String, ServedModel> found = new HashMap<>();
      for (int i = 0; i < requests.size(); i++) {
        try {
          Query query = read.apply(requests.get(i));
          ServedModel now = model(query);
          batch.add(checked(query, found.computeIfAbsent(now.name(), _ -> now)));
        } catch (NunchiException e) {
          throw e.in("requests[%d]".formatted(i));
        }
      }
      return Futures.map(
          Futures.explain(
              Futures.all(queued(batch, "requests", terms)), failure -> placed(batch, failure)),
          predictions ->
              IntStream.range(0, batch.size())
                  .mapToObj(i -> answer(batch.get(i), predictions.get(i)))
                  .toList());
    } catch (NunchiException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /// With its place in the batch, where a text of it cannot be encoded.
  private static Throwable placed(List<Checked> batch, Throwable failure) {
    if (failure instanceof NunchiException refusal && refusal.field() != null) {
      for (int i = 0; i < batch.size(); i++) {
        try {
          batch.get(i).question().encoding();
        } catch (NunchiException first) {
          return first.in("requests[%d]".formatted(i));
        }
      }
    }
    return failure;
  }

  /// One query of many that come one after the other: it waits for a place in the queue where there
  /// is none.
  ///
  /// @throws NunchiException where the query is refused
  Admission<Answer> classifyWhenFree(Query query, Deadline deadline) {
    Checked checked = checked(query, model(query));
    Taken taken = allowances.take(checked.question().runCount(), "evidence");
    try {
      return checked
          .model()
          .classifier()
          .classifyWhenFree(
              checked.question(),
              heard(new Terms(Callers.current(), Urgency.INTERACTIVE, deadline), checked))
          .map(prediction -> answer(checked, prediction));
    } catch (RuntimeException | Error e) {
      taken.giveBack();
      throw e;
    }
  }

  /// Each model takes its queries together; where one has no room, what others took is given back,
  /// and so is what was taken of the caller's allowance.
  ///
  /// @param field what makes the request too large, where it needs more places than there are
  private List<CompletableFuture<Prediction>> queued(
      List<Checked> batch, String field, Terms terms) {
    Map<String, List<Checked>> byModel =
        batch.stream().collect(Collectors.groupingBy(query -> query.model().name()));
    Map<String, Iterator<CompletableFuture<Prediction>>> queued = new HashMap<>();
    List<CompletableFuture<Prediction>> accepted = new ArrayList<>(batch.size());
    Taken taken =
        allowances.take(
            batch.stream().mapToLong(query -> query.question().runCount()).sum(), field);
    try {
      byModel.forEach((name, queries) -> {
        Classifier classifier = queries.getFirst().model().classifier();
        List<Question> questions = queries.stream().map(Checked::question).toList();
        List<CompletableFuture<Prediction>> predictions =
            classifier.classify(questions, heard(terms, queries.getFirst()));
        accepted.addAll(predictions);
        queued.put(name, predictions.iterator());
      });
    } catch (NunchiException e) {
      accepted.forEach(prediction -> prediction.cancel(false));
      taken.giveBack();
      throw e.reason() == Reason.INVALID_ARGUMENT
          ? NunchiException.ofField(e.reason(), field, e.getMessage())
          : e;
    } catch (RuntimeException | Error e) {
      accepted.forEach(prediction -> prediction.cancel(false));
      taken.giveBack();
      throw e;
    }
    return batch.stream()
        .map(query -> Objects.requireNonNull(queued.get(query.model().name())).next())
        .toList();
  }

  /// Has the call's trace hear of what becomes of its texts for a model, where there is one.
  private static Terms heard(Terms terms, Checked first) {
    @Nullable CallTrace trace = first.call().trace();
    return trace == null ? terms : terms.heardBy(trace.listener(first.model()));
  }

  private ServedModel model(Query query) {
    return models.find("model", query.model());
  }

  private Checked checked(Query query, ServedModel model) {
    long arrivedAt = System.nanoTime();
    CallRecord call = CallRecord.current();
    call.asked(model.name(), query.text());
    check(query);
    requireConfidence(query, model);
    boolean context = model.manifest().text().inputTemplate() != null && !query.context().isEmpty();
    return new Checked(
        query,
        model,
        model
            .classifier()
            .question(
                query.text(),
                context ? query.context() : null,
                query.truncation(),
                query.evidenceSpans().isPresent()),
        arrivedAt,
        call);
  }

  private Answer answer(Checked checked, Prediction prediction) {
    checked.call().answered(prediction.tokenCount());
    metrics.answered(checked.model(), checked.query().truncation(), prediction);
    return Answer.of(
        checked.query(),
        checked.model(),
        prediction,
        Duration.ofNanos(System.nanoTime() - checked.arrivedAt()));
  }

  private static void requireConfidence(Query query, ServedModel model) {
    if (query.abstainBelow().isPresent()
        && model.manifest().task().problemType() == ProblemType.REGRESSION) {
      throw NunchiException.ofField(
          Reason.INVALID_ARGUMENT,
          "abstain_below",
          "The model '%s' is a regression, which has no confidence to abstain by; leave"
                  .formatted(model.name())
              + " abstain_below out");
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
    int spans = query.evidenceSpans().orElse(0);
    if (spans < 0 || spans > Query.MOST_EVIDENCE_SPANS) {
      throw NunchiException.ofField(
          Reason.INVALID_ARGUMENT,
          "evidence.max_span_count",
          "max_span_count is %d; it is at most %d, or 0 for %d"
              .formatted(spans, Query.MOST_EVIDENCE_SPANS, Query.DEFAULT_EVIDENCE_SPANS));
    }
  }
}
