package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;

/// How validation is run.
///
/// @param size of its batches
/// @param fitIntercepts whether the logits are shifted to fit it
/// @param metric the figure by which the best model is chosen
record EvaluationPlan(
    LabelSet labels,
    ProblemType problemType,
    LengthBuckets.Size size,
    boolean fitIntercepts,
    BestMetric metric) {
  private static final int TOKENS_PER_BATCH = 8192;

  static EvaluationPlan of(Recipe recipe, LabelSet labels) {
    Integer rows = recipe.batches().perDeviceEvalBatchSize();
    return new EvaluationPlan(
        labels,
        recipe.data().problemType(),
        rows == null
            ? LengthBuckets.Size.ofTokens(TOKENS_PER_BATCH)
            : LengthBuckets.Size.ofRows(rows),
        recipe.loss().fitIntercepts(),
        recipe.watch().metricForBestModel());
  }
}
