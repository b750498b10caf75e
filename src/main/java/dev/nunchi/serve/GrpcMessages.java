package dev.nunchi.serve;

import com.google.protobuf.Duration;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Manifest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.EvidenceSpan;
import dev.nunchi.sentiment.v1.Label;
import dev.nunchi.sentiment.v1.LabelScore;
import dev.nunchi.sentiment.v1.Model;
import dev.nunchi.sentiment.v1.Precision;
import dev.nunchi.sentiment.v1.ProblemType;
import dev.nunchi.sentiment.v1.Timings;
import dev.nunchi.sentiment.v1.TruncationPolicy;
import dev.nunchi.text.Truncation;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// Queries, answers and models as the messages of the contract.
final class GrpcMessages {
  private GrpcMessages() {}

  /// @throws NunchiException `INVALID_ARGUMENT` for a policy that this build does not know
  static Query query(ClassifyRequest request) {
    return new Query(
        request.getText(),
        request.getModel(),
        request.getContext(),
        truncation(request.getTruncation()),
        request.getTopK(),
        request.hasAbstainBelow()
            ? OptionalDouble.of(request.getAbstainBelow())
            : OptionalDouble.empty(),
        request.hasEvidence()
            ? OptionalInt.of(request.getEvidence().getMaxSpanCount())
            : OptionalInt.empty());
  }

  static ClassifyResponse response(Answer answer) {
    ClassifyResponse.Builder response =
        ClassifyResponse.newBuilder()
            .setLabel(answer.label())
            .setConfidence(answer.confidence())
            .setTokenCount(answer.tokenCount())
            .setTruncated(answer.truncation().isPresent())
            .setTruncation(
                answer
                    .truncation()
                    .map(GrpcMessages::policy)
                    .orElse(TruncationPolicy.TRUNCATION_POLICY_UNSPECIFIED))
            .setUnknownTokenShare(answer.unknownTokenShare())
            .setModel(answer.model())
            .setModelRevision(answer.modelRevision())
            .setAbstained(answer.abstained())
            .setContextUsed(answer.contextUsed())
            .setTimings(
                Timings.newBuilder()
                    .setQueueDuration(duration(answer.queueDuration()))
                    .setInferenceDuration(duration(answer.inferenceDuration()))
                    .setTotalDuration(duration(answer.totalDuration())));
    answer
        .scores()
        .forEach(score ->
            response.addScores(
                LabelScore.newBuilder().setLabel(score.label()).setScore(score.score())));
    answer.value().ifPresent(response::setValue);
    answer.polarity().ifPresent(response::setPolarity);
    answer
        .evidence()
        .ifPresent(spans -> spans.forEach(span -> response.addEvidence(evidence(span))));
    return response.build();
  }

  private static EvidenceSpan evidence(Answer.EvidenceSpan span) {
    return EvidenceSpan.newBuilder()
        .setUtf16Start(span.utf16Start())
        .setUtf16End(span.utf16End())
        .setCodePointStart(span.codePointStart())
        .setCodePointEnd(span.codePointEnd())
        .setWeight(span.weight())
        .build();
  }

  static Model model(ServedModel served, Limits limits, boolean isDefault) {
    Manifest manifest = served.manifest();
    Model.Builder model =
        Model.newBuilder()
            .setName(served.name())
            .setRevision(manifest.proof().revision())
            .setProblemType(problemType(manifest.task().problemType()))
            .setLimits(
                dev.nunchi.sentiment.v1.Limits.newBuilder()
                    .setMaxTextBytes(limits.maxTextBytes())
                    .setMaxTokenCount(served.loaded().maxLength())
                    .setMaxBatchSize(limits.maxBatchSize())
                    .setMaxMessageBytes(limits.maxMessageBytes())
                    .setMaxStreamItemCount(limits.maxStreamItemCount())
                    .setMaxStreamCount(limits.maxStreamCount())
                    .setMaxQueueSize(limits.maxQueueSize()))
            .setPrecision(precision(manifest.proof().precision()))
            .setDevice(served.loaded().device())
            .setAcceptsContext(manifest.text().inputTemplate() != null)
            .setDefaultModel(isDefault)
            .putAllQuality(manifest.origin().quality())
            .putAllProvenance(manifest.origin().provenance());
    for (dev.nunchi.Label each : manifest.task().labels().labels()) {
      Label.Builder label = Label.newBuilder().setName(each.name());
      each.polarity().ifPresent(label::setPolarity);
      model.addLabels(label);
    }
    return model.build();
  }

  private static Truncation truncation(TruncationPolicy policy) {
    return switch (policy) {
      case TRUNCATION_POLICY_UNSPECIFIED, TRUNCATION_POLICY_REJECT -> Truncation.REJECT;
      case TRUNCATION_POLICY_KEEP_HEAD -> Truncation.KEEP_HEAD;
      case TRUNCATION_POLICY_KEEP_HEAD_AND_TAIL -> Truncation.KEEP_HEAD_AND_TAIL;
      case UNRECOGNIZED ->
          throw NunchiException.ofField(
              Reason.INVALID_ARGUMENT, "truncation", "The truncation policy is not a known one");
    };
  }

  private static TruncationPolicy policy(Truncation truncation) {
    return switch (truncation) {
      case REJECT -> TruncationPolicy.TRUNCATION_POLICY_REJECT;
      case KEEP_HEAD -> TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD;
      case KEEP_HEAD_AND_TAIL -> TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD_AND_TAIL;
    };
  }

  private static ProblemType problemType(dev.nunchi.ProblemType type) {
    return switch (type) {
      case SINGLE_LABEL_CLASSIFICATION -> ProblemType.PROBLEM_TYPE_SINGLE_LABEL_CLASSIFICATION;
      case MULTI_LABEL_CLASSIFICATION -> ProblemType.PROBLEM_TYPE_MULTI_LABEL_CLASSIFICATION;
      case REGRESSION -> ProblemType.PROBLEM_TYPE_REGRESSION;
    };
  }

  private static Precision precision(dev.nunchi.model.Precision precision) {
    return switch (precision) {
      case FP32 -> Precision.PRECISION_FP32;
      case FP16 -> Precision.PRECISION_FP16;
      case BF16 -> Precision.PRECISION_BF16;
      case INT8 -> Precision.PRECISION_INT8;
      case INT8_WEIGHT_ONLY -> Precision.PRECISION_INT8_WEIGHT_ONLY;
      case INT4_WEIGHT_ONLY -> Precision.PRECISION_INT4_WEIGHT_ONLY;
    };
  }

  private static Duration duration(java.time.Duration duration) {
    return Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }
}
