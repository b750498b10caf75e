package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;

/// Where a run stands; with the weights and the optimiser's state all that it needs to go on.
///
/// @param step finished steps
/// @param next the batch that the next step begins with
/// @param dropoutMasks drawn so far
/// @param best the metric of the best evaluation; infinite before the first
/// @param bestStep its step, 0 before the first
/// @param withoutImprovement evaluations since one that was better by the recipe's threshold
record Progress(
    long step,
    BatchQueue.Position next,
    long dropoutMasks,
    double best,
    long bestStep,
    int withoutImprovement) {
  static Progress start(BestMetric metric) {
    return new Progress(0, BatchQueue.Position.START, 0, metric.worst(), 0, 0);
  }

  Progress stepped(BatchQueue.Position next, long dropoutMasks) {
    return new Progress(step + 1, next, dropoutMasks, best, bestStep, withoutImprovement);
  }

  Progress improved(double value, boolean enough) {
    return new Progress(step, next, dropoutMasks, value, step, enough ? 0 : withoutImprovement + 1);
  }

  Progress notImproved() {
    return new Progress(step, next, dropoutMasks, best, bestStep, withoutImprovement + 1);
  }

  /// As `trainer_state.json` has it; names are Hugging Face's where it has them.
  ObjectNode toJson() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("global_step", step);
    json.put("epochs_finished", next.epoch());
    json.put("batches_of_epoch", next.batch());
    json.put("dropout_masks", dropoutMasks);
    if (bestStep > 0) {
      json.put("best_metric", best);
    }
    json.put("best_global_step", bestStep);
    json.put("evaluations_without_improvement", withoutImprovement);
    return json;
  }

  /// @throws NunchiException `INVALID_MODEL` naming the key whose value is no count, or no metric
  static Progress of(JsonNode json, BestMetric metric) {
    return new Progress(
        count(json, "global_step", Long.MAX_VALUE),
        new BatchQueue.Position(
            (int) count(json, "epochs_finished", Integer.MAX_VALUE),
            (int) count(json, "batches_of_epoch", Integer.MAX_VALUE)),
        count(json, "dropout_masks", Long.MAX_VALUE),
        json.has("best_metric") ? metric(json.get("best_metric")) : metric.worst(),
        count(json, "best_global_step", Long.MAX_VALUE),
        (int) count(json, "evaluations_without_improvement", Integer.MAX_VALUE));
  }

  private static long count(JsonNode json, String key, long most) {
    JsonNode value = json.path(key);
    if (!value.canConvertToExactIntegral()
        || !value.canConvertToLong()
        || value.longValue() < 0
        || value.longValue() > most) {
      throw invalid("%s should be a whole number of at least 0, but is %s", key, value);
    }
    return value.longValue();
  }

  private static double metric(JsonNode value) {
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw invalid("%s should be a number, but is %s", "best_metric", value);
    }
    return value.doubleValue();
  }

  private static NunchiException invalid(String message, String key, JsonNode value) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "trainer_state.json: " + message.formatted(key, value.isMissingNode() ? "missing" : value));
  }
}
