package dev.nunchi.serve;

import dev.nunchi.infer.Evidence;
import dev.nunchi.infer.Prediction;
import dev.nunchi.text.Truncation;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// The answer to a [Query], as both front ends write it; its parts are explained in the contract.
///
/// @param label empty if the model abstained
/// @param scores the highest first
/// @param truncation the policy by which tokens were left out; empty if none were
/// @param contextUsed whether the model read something of the context
/// @param evidence the strongest first; empty unless asked for
record Answer(
    String label,
    double confidence,
    List<LabelScore> scores,
    OptionalDouble value,
    OptionalDouble polarity,
    int tokenCount,
    Optional<Truncation> truncation,
    double unknownTokenShare,
    String model,
    String modelRevision,
    boolean abstained,
    boolean contextUsed,
    Optional<List<EvidenceSpan>> evidence,
    Duration queueDuration,
    Duration inferenceDuration,
    Duration totalDuration) {

  record LabelScore(String label, double score) {}

  /// `EvidenceSpan` of the contract.
  record EvidenceSpan(
      int utf16Start, int utf16End, int codePointStart, int codePointEnd, double weight) {
    static EvidenceSpan of(String text, Evidence evidence) {
      int start = evidence.span().start();
      int end = evidence.span().end();
      int codePointStart = text.codePointCount(0, start);
      return new EvidenceSpan(
          start,
          end,
          codePointStart,
          codePointStart + text.codePointCount(start, end),
          evidence.weight());
    }
  }

  /// @param totalDuration from the request's arrival
  static Answer of(Query query, ServedModel model, Prediction prediction, Duration totalDuration) {
    boolean abstained =
        query.abstainBelow().isPresent()
            && prediction.confidence() < query.abstainBelow().getAsDouble();
    return new Answer(
        abstained ? "" : prediction.best().name(),
        prediction.confidence(),
        scores(prediction, query.topK()),
        prediction.value(),
        prediction.polarity(),
        prediction.tokenCount(),
        prediction.truncated() ? Optional.of(query.truncation()) : Optional.empty(),
        prediction.unknownTokenShare(),
        model.name(),
        model.manifest().proof().revision(),
        abstained,
        prediction.contextRead(),
        evidence(query, prediction),
        prediction.queueDuration(),
        prediction.inferenceDuration(),
        totalDuration);
  }

  private static Optional<List<EvidenceSpan>> evidence(Query query, Prediction prediction) {
    if (query.evidenceSpans().isEmpty()) {
      return Optional.empty();
    }
    int wanted = query.evidenceSpans().getAsInt();
    return Optional.of(
        prediction.evidence().stream()
            .limit(wanted == 0 ? Query.DEFAULT_EVIDENCE_SPANS : wanted)
            .map(evidence -> EvidenceSpan.of(query.text(), evidence))
            .toList());
  }

  private static List<LabelScore> scores(Prediction prediction, int topK) {
    return IntStream.range(0, prediction.scores().size())
        .mapToObj(
            i -> new LabelScore(prediction.labels().get(i).name(), prediction.scores().get(i)))
        .sorted(Comparator.comparingDouble(LabelScore::score).reversed())
        .limit(topK == 0 ? Long.MAX_VALUE : topK)
        .toList();
  }
}
