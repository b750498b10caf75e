package dev.nunchi.train;

import dev.nunchi.LabelSet;
import java.nio.file.Path;

/// Watches a run; called on the training thread, so it answers quickly.
public interface TrainingListener {
  /// What a run is about to do.
  ///
  /// @param parameters weights of the network, counted one by one
  /// @param trainTokens tokens of the training texts, special tokens included
  record Plan(
      LabelSet labels,
      int trainExamples,
      int validationExamples,
      long trainTokens,
      int truncatedExamples,
      long parameters,
      int freshParameters,
      long totalSteps,
      double epochs) {}

  /// One optimiser step.
  ///
  /// @param step finished steps, this one included
  /// @param epoch finished epochs as a fraction
  /// @param loss mean cross-entropy of the step's batches in nats
  /// @param gradientNorm joint L2 norm before clipping
  /// @param tokens tokens of the step's batches without padding
  /// @param paddingShare padded places among all places of the batches, in [0, 1)
  record Step(
      long step,
      long totalSteps,
      double epoch,
      double loss,
      double learningRate,
      double gradientNorm,
      long tokens,
      double paddingShare) {}

  /// A stage before the first step, for example `Reading texts`.
  void preparing(String stage);

  void planned(Plan plan);

  /// The run goes on from a checkpoint: the steps up to `step` are done, and what an earlier
  /// process did after it is lost and comes again. Called after [#planned], before the first step.
  default void resumed(long step) {}

  void stepped(Step step);

  /// @param best whether it is the best so far, whose weights are kept
  void evaluated(long step, Evaluation evaluation, boolean best);

  void saved(Path directory);

  /// The run has ended and everything is saved. Not called where it failed.
  ///
  /// @param stopped whether it was asked to stop before its last step
  default void finished(boolean stopped) {}
}
