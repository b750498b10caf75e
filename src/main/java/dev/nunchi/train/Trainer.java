package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.torch.Averaging;
import dev.nunchi.torch.ComputeType;
import dev.nunchi.torch.Loss;
import dev.nunchi.torch.OptimizerSettings;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchTrainer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The training loop: batches, a step of the optimiser, now and then an evaluation whose best state
/// is kept, and a checkpoint to go on from.
///
/// One thread, and another that prepares batches.
final class Trainer implements AutoCloseable {
  /// Puts states on disk.
  interface Keeper {
    /// Keeps the weights that the network holds as the run's model.
    void keepModel(long step, Evaluation evaluation);

    /// Keeps all that is needed to go on from here.
    void keepCheckpoint(Progress progress, TorchTrainer trainer);
  }

  private final Recipe recipe;
  private final TorchNetwork network;
  private final Loss loss;
  private final EncodedTexts validation;
  private final EvaluationPlan plan;
  private final TrainingListener listener;
  private final TorchTrainer torch;
  private final EncodedTexts train;
  private final Course course;
  private final StepPlan steps;
  private Progress progress;

  /// @param output directory of the run, for what is paged
  Trainer(
      Recipe recipe,
      TorchNetwork network,
      Corpus corpus,
      Course course,
      EvaluationPlan plan,
      Path output,
      TrainingListener listener) {
    this.recipe = recipe;
    this.network = network;
    this.train = corpus.train();
    this.validation = corpus.validation();
    this.loss = course.loss();
    this.course = course;
    this.steps = course.steps();
    this.plan = plan;
    this.listener = listener;
    this.torch = new TorchTrainer(network, settings(recipe.optimization(), course, output));
    this.progress = Progress.start(recipe.watch().metricForBestModel());
  }

  TorchTrainer torch() {
    return torch;
  }

  /// Goes on from where another run stood; its optimiser's state has been restored.
  void resume(Progress progress) {
    this.progress = progress;
  }

  /// Trains until the last step, until evaluations get no better, or until `stop` is requested.
  ///
  /// @throws NunchiException `FAILED_CHECK` where loss or gradients are no longer numbers; what was
  ///   kept before stays
  TrainingListener.Ending run(Keeper keeper, StopSignal stop) {
    Recipe.Watch watch = recipe.watch();
    Schedule schedule = Schedule.of(recipe.optimization(), steps.total());
    long savedAt = progress.step();
    @Nullable Evaluation last = null;
    try (BatchQueue batches = batches()) {
      while (progress.step() < steps.total() && !stop.isRequested() && !isExhausted()) {
        step(batches, recipe.optimization().learningRate() * schedule.factor(progress.step()));
        last = null;
        if (steps.evaluatesAfter(progress.step())) {
          last = evaluate(keeper);
        }
        if (steps.savesAfter(progress.step())) {
          keeper.keepCheckpoint(progress, torch);
          savedAt = progress.step();
        }
      }
    }
    boolean stopped = progress.step() < steps.total() && !isExhausted();
    if (stopped && savedAt < progress.step()) {
      keeper.keepCheckpoint(progress, torch);
    }
    if (!stopped && !watch.loadBestModelAtEnd()) {
      keepLast(keeper, last);
    }
    return new TrainingListener.Ending(
        stopped, progress.step(), progress.bestStep(), isExhausted() && !stopped);
  }

  private BatchQueue batches() {
    return new BatchQueue(
        train,
        course.noise(),
        course.buckets(),
        new WordDropout(recipe.batches().wordDropout(), recipe.dataSeed()),
        loss,
        recipe.batches().gradientAccumulationSteps(),
        recipe.dataSeed(),
        network.network().padTokenId(),
        progress.next());
  }

  private boolean isExhausted() {
    int patience = recipe.watch().earlyStoppingPatience();
    return patience > 0 && progress.withoutImprovement() >= patience;
  }

  private void step(BatchQueue batches, double learningRate) {
    long number = progress.step() + 1;
    double mean = 0;
    double weight = 0;
    long tokens = 0;
    long places = 0;
    BatchQueue.Prepared prepared;
    do {
      prepared = batches.next();
      PaddedBatch batch = prepared.batch();
      mean += torch.accumulate(batch, prepared.targets(), prepared.share()) * prepared.share();
      weight += prepared.weight();
      tokens += batch.tokens();
      places += (long) batch.batch() * batch.seq();
    } while (!prepared.endsStep());
    requireFinite("loss", mean, number);
    double norm = torch.clip();
    requireFinite("gradient norm", norm, number);
    torch.step(learningRate);
    progress = progress.stepped(prepared.next(), torch.dropoutMasks());
    listener.stepped(
        new TrainingListener.Step(
            number,
            steps.total(),
            steps.epoch(number),
            mean,
            weight,
            learningRate,
            norm,
            tokens,
            1 - (double) tokens / places));
  }

  /// Before the weights are touched, so that what stands on disk is the last good state.
  private static void requireFinite(String what, double value, long step) {
    if (!Double.isFinite(value)) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          "The %s of step %d is %s, so the run ends before that step; what was saved before it is "
                  .formatted(what, step, value)
              + "good. A smaller learning_rate or a longer warm-up may help");
    }
  }

  private Evaluation evaluate(Keeper keeper) {
    Evaluation[] result = new Evaluation[1];
    torch.withAverage(() -> result[0] = evaluateHeld(keeper));
    return result[0];
  }

  private Evaluation evaluateHeld(Keeper keeper) {
    Evaluation evaluation = Evaluation.of(network, validation, plan);
    BestMetric metric = recipe.watch().metricForBestModel();
    double value = evaluation.value(metric);
    boolean isBest = metric.isBetter(value, progress.best(), 0);
    boolean enough =
        metric.isBetter(value, progress.best(), recipe.watch().earlyStoppingThreshold());
    progress = isBest ? progress.improved(value, enough) : progress.notImproved();
    listener.evaluated(progress.step(), evaluation, isBest);
    if (isBest && recipe.watch().loadBestModelAtEnd()) {
      keeper.keepModel(progress.step(), evaluation);
    }
    return evaluation;
  }

  private void keepLast(Keeper keeper, @Nullable Evaluation last) {
    torch.withAverage(() ->
        keeper.keepModel(
            progress.step(), last == null ? Evaluation.of(network, validation, plan) : last));
  }

  private static TorchTrainer.Settings settings(Recipe.Optimization o, Course course, Path output) {
    return new TorchTrainer.Settings(
        o.half() ? ComputeType.BF16 : ComputeType.FP32,
        course.loss(),
        switch (o.optim()) {
          case ADAMW -> adamW(o);
          case ADAMW_8BIT -> new OptimizerSettings.AdamW8bit(adamW(o), null);
          case PAGED_ADAMW_8BIT -> new OptimizerSettings.AdamW8bit(adamW(o), output);
          case ADAGRAD -> new OptimizerSettings.Adagrad(o.adagradEpsilon());
        },
        o.maxGradNorm(),
        averaging(o, course.steps()),
        course.freezing(),
        o.gradientCheckpointing(),
        o.seed());
  }

  private static OptimizerSettings.AdamW adamW(Recipe.Optimization o) {
    return new OptimizerSettings.AdamW(
        o.adamBeta1(), o.adamBeta2(), o.adamEpsilon(), o.weightDecay(), o.layerwiseLrDecay());
  }

  private static long epochs(StepPlan steps) {
    return Math.ceilDiv(steps.total(), steps.stepsOfEpoch());
  }

  /// A sentence that says so, where the run has fewer epochs than are to be averaged.
  static Optional<String> boundOf(Recipe.Optimization o, StepPlan steps) {
    long epochs = epochs(steps);
    return o.swaEpochs() < 2 || o.swaEpochs() <= epochs
        ? Optional.empty()
        : Optional.of(
            "swa_epochs is %d, but the run has %s"
                .formatted(
                    o.swaEpochs(),
                    epochs < 2
                        ? "one epoch: nothing is averaged."
                        : "%d epochs: these are averaged.".formatted(epochs)));
  }

  private static Averaging averaging(Recipe.Optimization o, StepPlan steps) {
    if (o.emaDecay() > 0) {
      return new Averaging.Exponential(o.emaDecay());
    }
    long every = steps.stepsOfEpoch();
    // Counted back from the end, which need not be that of an epoch.
    long epochs = Math.min(o.swaEpochs(), epochs(steps));
    return epochs < 2
        ? Averaging.NONE
        : new Averaging.Stochastic(steps.total() - (epochs - 1) * every, every);
  }

  @Override
  public void close() {
    torch.close();
  }
}
