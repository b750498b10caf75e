package dev.nunchi.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.nunchi.model.Manifest;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `Model` of the contract as JSON.
@JsonPropertyOrder({
  "name",
  "revision",
  "labels",
  "problem_type",
  "limits",
  "precision",
  "device",
  "accepts_context",
  "default_model",
  "quality",
  "provenance"
})
@JsonNaming(SnakeCaseStrategy.class)
record JsonModel(
    String name,
    String revision,
    List<Label> labels,
    String problemType,
    ModelLimits limits,
    String precision,
    String device,
    boolean acceptsContext,
    boolean defaultModel,
    Map<String, Double> quality,
    Map<String, String> provenance) {

  /// `Label` of the contract.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Label(String name, @Nullable Double polarity) {
    static Label of(dev.nunchi.Label label) {
      return new Label(
          label.name(), label.polarity().isPresent() ? label.polarity().getAsDouble() : null);
    }
  }

  /// `Limits` of the contract.
  @JsonNaming(SnakeCaseStrategy.class)
  record ModelLimits(
      int maxTextBytes,
      int maxTokenCount,
      int maxBatchSize,
      int maxMessageBytes,
      int maxStreamItemCount,
      int maxStreamCount,
      int maxQueueSize) {}

  static JsonModel of(ServedModel served, Limits limits, boolean isDefault) {
    Manifest manifest = served.manifest();
    return new JsonModel(
        served.name(),
        manifest.proof().revision(),
        manifest.task().labels().labels().stream().map(Label::of).toList(),
        manifest.task().problemType().configName(),
        new ModelLimits(
            limits.maxTextBytes(),
            served.loaded().maxLength(),
            limits.maxBatchSize(),
            limits.maxMessageBytes(),
            limits.maxStreamItemCount(),
            limits.maxStreamCount(),
            limits.maxQueueSize()),
        manifest.proof().precision().manifestName(),
        served.loaded().device(),
        manifest.text().inputTemplate() != null,
        isDefault,
        manifest.origin().quality(),
        manifest.origin().provenance());
  }
}
