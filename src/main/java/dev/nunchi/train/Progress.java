package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

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

  static Progress of(JsonNode json, BestMetric metric) {
    return new Progress(
        json.path("global_step").longValue(),
        new BatchQueue.Position(
            json.path("epochs_finished").intValue(), json.path("batches_of_epoch").intValue()),
        json.path("dropout_masks").longValue(),
        json.has("best_metric") ? json.get("best_metric").doubleValue() : metric.worst(),
        json.path("best_global_step").longValue(),
        json.path("evaluations_without_improvement").intValue());
  }
}
