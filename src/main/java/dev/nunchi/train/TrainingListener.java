package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.data.DataReport;
import java.nio.file.Path;
import java.util.List;

/// Watches a run; called on the training thread, so it answers quickly.
public interface TrainingListener {
  /// What a run is about to do.
  ///
  /// @param parameters weights of the network, counted one by one
  /// @param trained those of them that are ever trained
  /// @param trainTokens tokens of the training texts, special tokens included
  /// @param freshTensors names of those that begin at their initial values, in forward order,
  ///   without those of adapters
  /// @param tensors of the network
  /// @param memory what training is expected to take
  record Plan(
      LabelSet labels,
      int trainExamples,
      int validationExamples,
      long trainTokens,
      int truncatedExamples,
      long parameters,
      long trained,
      List<String> freshTensors,
      int tensors,
      long totalSteps,
      double epochs,
      MemoryEstimate memory) {}

  /// One optimiser step.
  ///
  /// @param step finished steps, this one included
  /// @param epoch finished epochs as a fraction
  /// @param loss mean over the step's texts in nats
  /// @param weight of the step in a mean over several: the number of its texts, or the sum of their
  ///   class weights
  /// @param gradientNorm joint L2 norm before clipping
  /// @param tokens tokens of the step's batches without padding
  /// @param paddingShare padded places among all places of the batches, in [0, 1)
  record Step(
      long step,
      long totalSteps,
      double epoch,
      double loss,
      double weight,
      double learningRate,
      double gradientNorm,
      long tokens,
      double paddingShare) {}

  /// How a run ended.
  ///
  /// @param stopped whether it was asked to; then `--resume` goes on
  /// @param bestStep step of the best evaluation, 0 where there was none
  /// @param exhausted whether evaluations got no better for as long as the recipe waits
  record Ending(boolean stopped, long step, long bestStep, boolean exhausted) {}

  /// A stage before the first step, for example `Reading texts`.
  void preparing(String stage);

  /// What the texts of the run are like; its warnings come through [#warned].
  default void inspected(DataReport report) {}

  /// Who the run learns from beside its labels; called before [#planned].
  ///
  /// @param missing different texts that the teacher has yet to score, and whose scores are not
  ///   kept
  default void taught(Teaching teaching, int missing) {}

  /// The teacher has scored some of the texts.
  ///
  /// @param share of the work that is done, in [0, 1], by the lengths of the texts
  default void scored(int done, int total, double share) {}

  void planned(Plan plan);

  void stepped(Step step);

  /// @param best whether it is the best so far, whose weights are kept
  void evaluated(long step, Evaluation evaluation, boolean best);

  /// The run's model, or a checkpoint to go on from, stands in `directory`.
  void saved(Path directory);

  /// What the user should know, one sentence.
  default void warned(String sentence) {}

  /// The run goes on from a checkpoint: the steps up to `step` are done, and what an earlier
  /// process did after it is lost and comes again. Called after [#planned], before the first step.
  default void resumed(Path checkpoint, long step) {}

  /// The run has ended and everything is saved. Not called where it failed.
  default void ended(Ending outcome) {}

  /// The run has failed; why is in what it throws.
  default void failed() {}
}
