package dev.nunchi.train;

import java.util.Locale;
import java.util.Optional;

/// The learning rate over the steps, as a factor of its peak: a rise from 0 over the warm-up, then
/// by type. Equal to the schedules of that name in transformers, with their default arguments.
///
/// @param warmupSteps steps over which the factor rises from 0 to 1
/// @param totalSteps steps of the whole run
public record Schedule(Type type, long warmupSteps, long totalSteps) {
  /// The course after the warm-up.
  public enum Type {
    /// Falls to 0 in a straight line.
    LINEAR,
    /// Falls to 0 along half a cosine.
    COSINE,
    /// Falls with the root of the step; over a warm-up of none, from 10,000 steps on.
    INVERSE_SQRT,
    /// Stays at 1.
    CONSTANT_WITH_WARMUP,
    /// Stays at 1 from the first step.
    CONSTANT
  }

  private static final long INVERSE_SQRT_TIMESCALE = 10_000;

  /// The recipe's schedule. A warm-up as long as the run, at whose end the peak would still be
  /// ahead, takes a tenth of it instead.
  static Schedule of(Recipe.Optimization recipe, long totalSteps) {
    long warmup = warmup(recipe, totalSteps);
    return new Schedule(
        recipe.lrSchedulerType(), warmup < totalSteps ? warmup : totalSteps / 10, totalSteps);
  }

  /// A sentence that says so, where [#of] has shortened the warm-up.
  static Optional<String> boundOf(Recipe.Optimization recipe, long totalSteps) {
    long warmup = warmup(recipe, totalSteps);
    return warmup < totalSteps
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "The warm-up of %,d steps (%s) is as long as the run of %,d, whose rate would never"
                    + " reach learning_rate; it takes %,d steps instead.",
                warmup,
                recipe.warmupSteps() > 0 ? "warmup_steps" : "warmup_ratio",
                totalSteps,
                totalSteps / 10));
  }

  private static long warmup(Recipe.Optimization recipe, long totalSteps) {
    return recipe.warmupSteps() > 0
        ? recipe.warmupSteps()
        : (long) Math.ceil(recipe.warmupRatio() * totalSteps);
  }

  /// The factor, in [0, 1], of the step after `step` finished ones.
  public double factor(long step) {
    if (step < warmupSteps) {
      return (double) step / Math.max(1, warmupSteps);
    }
    double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    return switch (type) {
      case LINEAR -> Math.max(0, 1 - progress);
      case COSINE -> Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
      case INVERSE_SQRT -> {
        long timescale = warmupSteps > 0 ? warmupSteps : INVERSE_SQRT_TIMESCALE;
        yield 1 / Math.sqrt((double) (step + timescale - warmupSteps) / timescale);
      }
      case CONSTANT_WITH_WARMUP, CONSTANT -> 1;
    };
  }
}
