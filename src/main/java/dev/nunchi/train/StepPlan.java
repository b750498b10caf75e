package dev.nunchi.train;

import dev.nunchi.train.Recipe.Strategy;
import org.jspecify.annotations.Nullable;

/// How many steps a run has, and after which of them it is evaluated and saved.
///
/// @param total steps of the whole run
/// @param epochsPerStep finished epochs that one step makes
/// @param evaluateEvery steps between two evaluations, 0 for none
/// @param saveEvery steps between two checkpoints, 0 for none
record StepPlan(long total, double epochsPerStep, long evaluateEvery, long saveEvery) {
  private static final int SAVE_STEPS = 500;

  static StepPlan of(Recipe recipe, int batchesOfAnEpoch) {
    Recipe.Optimization o = recipe.optimization();
    Recipe.Watch watch = recipe.watch();
    double epochsPerStep = (double) recipe.batches().gradientAccumulationSteps() / batchesOfAnEpoch;
    long epoch = Math.max(1, Math.round(1 / epochsPerStep));
    long total =
        o.maxSteps() > 0
            ? o.maxSteps()
            : Math.max(1, Math.round(o.numTrainEpochs() / epochsPerStep));
    Integer evalSteps = watch.evalSteps();
    Integer saveSteps = watch.saveSteps() == null ? evalSteps : watch.saveSteps();
    Strategy evaluation = strategy(watch.evalStrategy(), evalSteps, Strategy.EPOCH);
    Strategy saving = strategy(watch.saveStrategy(), saveSteps, evaluation);
    return new StepPlan(
        total,
        epochsPerStep,
        every(evaluation, evalSteps, epoch),
        every(saving, saveSteps == null ? SAVE_STEPS : saveSteps, epoch));
  }

  double epoch(long step) {
    return step * epochsPerStep;
  }

  /// The last step is evaluated too.
  boolean evaluatesAfter(long step) {
    return evaluateEvery > 0 && (step % evaluateEvery == 0 || step == total);
  }

  boolean savesAfter(long step) {
    return saveEvery > 0 && step % saveEvery == 0;
  }

  private static Strategy strategy(
      @Nullable Strategy given, @Nullable Integer steps, Strategy otherwise) {
    if (given != null) {
      return given;
    }
    return steps == null ? otherwise : Strategy.STEPS;
  }

  private static long every(Strategy strategy, @Nullable Integer steps, long epoch) {
    return switch (strategy) {
      case NO -> 0;
      case STEPS -> steps == null ? epoch : steps;
      case EPOCH -> epoch;
    };
  }
}
