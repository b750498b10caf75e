package dev.nunchi.train;

import java.util.Optional;
import java.util.function.LongSupplier;

/// Gathers the steps between two logged ones into one summary.
///
/// A step is logged where its number is a multiple of `loggingSteps`, and the last one always. The
/// first summary after a resume is of the steps since then. Speed counts the time of steps alone:
/// what passes between the end of a step and [#restartClock], an evaluation for example, is left
/// out.
final class StepWindow {
  /// The steps since the summary before, the newest of them for what belongs to one step.
  ///
  /// @param loss mean over the steps' texts
  /// @param tokens sum over the steps, without padding
  /// @param paddingShare of all places of the steps' batches
  record Summary(
      long step,
      double epoch,
      double loss,
      double learningRate,
      double gradientNorm,
      long tokens,
      double paddingShare,
      double tokensPerSecond) {}

  private final int loggingSteps;
  private final LongSupplier nanoTime;
  private long since;
  private long nanos;
  private double loss;
  private double weight;
  private long tokens;
  private double places;

  /// @param loggingSteps 1 or more
  /// @param nanoTime as [System#nanoTime]
  StepWindow(int loggingSteps, LongSupplier nanoTime) {
    if (loggingSteps < 1) {
      throw new IllegalArgumentException("Logging steps are 1 or more, found " + loggingSteps);
    }
    this.loggingSteps = loggingSteps;
    this.nanoTime = nanoTime;
    this.since = nanoTime.getAsLong();
  }

  /// The next step's time begins now.
  void restartClock() {
    since = nanoTime.getAsLong();
  }

  /// Adds a finished step.
  ///
  /// @return the summary, where this step is logged
  Optional<Summary> add(TrainingListener.Step step) {
    long now = nanoTime.getAsLong();
    nanos += now - since;
    since = now;
    loss += step.loss() * step.weight();
    weight += step.weight();
    tokens += step.tokens();
    places += step.tokens() / (1 - step.paddingShare());
    if (step.step() % loggingSteps != 0 && step.step() != step.totalSteps()) {
      return Optional.empty();
    }
    Summary summary =
        new Summary(
            step.step(),
            step.epoch(),
            loss / weight,
            step.learningRate(),
            step.gradientNorm(),
            tokens,
            1 - tokens / places,
            tokens / (nanos / 1e9));
    nanos = 0;
    loss = 0;
    weight = 0;
    tokens = 0;
    places = 0;
    return Optional.of(summary);
  }
}
