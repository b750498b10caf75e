package dev.nunchi.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.nunchi.text.Truncation;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `ClassifyResponse` of the contract as JSON; what is unset is left out.
@JsonPropertyOrder({
  "label",
  "confidence",
  "scores",
  "value",
  "polarity",
  "token_count",
  "truncated",
  "truncation",
  "unknown_token_share",
  "model",
  "model_revision",
  "abstained",
  "context_used",
  "evidence",
  "timings"
})
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
record JsonAnswer(
    String label,
    @Nullable Double confidence,
    List<Score> scores,
    @Nullable Double value,
    @Nullable Double polarity,
    int tokenCount,
    boolean truncated,
    @Nullable String truncation,
    double unknownTokenShare,
    String model,
    String modelRevision,
    boolean abstained,
    boolean contextUsed,
    @Nullable List<EvidenceSpan> evidence,
    Timings timings) {

  record Score(String label, double score) {}

  /// `EvidenceSpan` of the contract. The names are said: the strategy would write `utf16_start` as
  /// `utf16start`.
  record EvidenceSpan(
      @JsonProperty("utf16_start") int utf16Start,
      @JsonProperty("utf16_end") int utf16End,
      @JsonProperty("code_point_start") int codePointStart,
      @JsonProperty("code_point_end") int codePointEnd,
      double weight) {
    static EvidenceSpan of(Answer.EvidenceSpan span) {
      return new EvidenceSpan(
          span.utf16Start(),
          span.utf16End(),
          span.codePointStart(),
          span.codePointEnd(),
          span.weight());
    }
  }

  /// Seconds with the suffix `s`, as protobuf's JSON has durations.
  @JsonNaming(SnakeCaseStrategy.class)
  record Timings(String queueDuration, String inferenceDuration, String totalDuration) {}

  static JsonAnswer of(Answer answer) {
    Optional<Truncation> truncation = answer.truncation();
    return new JsonAnswer(
        answer.label(),
        answer.value().isPresent() ? null : answer.confidence(),
        answer.scores().stream().map(score -> new Score(score.label(), score.score())).toList(),
        answer.value().isPresent() ? answer.value().getAsDouble() : null,
        answer.polarity().isPresent() ? answer.polarity().getAsDouble() : null,
        answer.tokenCount(),
        truncation.isPresent(),
        truncation.map(JsonRequest::jsonName).orElse(null),
        answer.unknownTokenShare(),
        answer.model(),
        answer.modelRevision(),
        answer.abstained(),
        answer.contextUsed(),
        answer.evidence().map(JsonAnswer::spans).orElse(null),
        new Timings(
            seconds(answer.queueDuration()),
            seconds(answer.inferenceDuration()),
            seconds(answer.totalDuration())));
  }

  private static List<EvidenceSpan> spans(List<Answer.EvidenceSpan> spans) {
    return spans.stream().map(EvidenceSpan::of).toList();
  }

  private static String seconds(Duration duration) {
    return BigDecimal.valueOf(duration.toNanos(), 9).toPlainString() + "s";
  }
}
