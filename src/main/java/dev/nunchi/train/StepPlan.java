package dev.nunchi.train;

import dev.nunchi.train.Recipe.Strategy;
import org.jspecify.annotations.Nullable;

/// How many steps a run has, and after which of them it is evaluated and saved.
///
/// An epoch ends with a step of its own: where the batches of a step do not divide those of an
/// epoch, its last step has fewer.
///
/// @param total steps of the whole run
/// @param batchesOfStep most batches of a step
/// @param batchesOfEpoch batches of an epoch
/// @param evaluateEvery steps between two evaluations, 0 for none
/// @param saveEvery steps between two checkpoints, 0 for none
record StepPlan(
    long total, int batchesOfStep, int batchesOfEpoch, long evaluateEvery, long saveEvery) {
  private static final int SAVE_STEPS = 500;

  static StepPlan of(Recipe recipe, int batchesOfEpoch) {
    Recipe.Optimization o = recipe.optimization();
    Recipe.Watch watch = recipe.watch();
    int batchesOfStep = recipe.batches().gradientAccumulationSteps();
    long epoch = Math.ceilDiv(batchesOfEpoch, batchesOfStep);
    long total =
        o.maxSteps() > 0 ? o.maxSteps() : Math.max(1, Math.round(o.numTrainEpochs() * epoch));
    Integer evalSteps = watch.evalSteps();
    Integer saveSteps = watch.saveSteps() == null ? evalSteps : watch.saveSteps();
    Strategy evaluation = strategy(watch.evalStrategy(), evalSteps, Strategy.EPOCH);
    Strategy saving = strategy(watch.saveStrategy(), saveSteps, evaluation);
    return new StepPlan(
        total,
        batchesOfStep,
        batchesOfEpoch,
        every(evaluation, evalSteps, epoch),
        every(saving, saveSteps == null ? SAVE_STEPS : saveSteps, epoch));
  }

  long stepsOfEpoch() {
    return Math.ceilDiv(batchesOfEpoch, batchesOfStep);
  }

  /// Finished epochs after a step.
  double epoch(long step) {
    long stepsOfEpoch = stepsOfEpoch();
    return step / stepsOfEpoch + (double) (step % stepsOfEpoch * batchesOfStep) / batchesOfEpoch;
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
