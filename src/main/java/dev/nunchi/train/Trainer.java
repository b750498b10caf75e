package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.torch.ComputeType;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchTrainer;
import java.util.Iterator;
import java.util.List;

/// The training loop: batches of near-equal length, a step of the optimiser, now and then an
/// evaluation whose best state is kept.
///
/// One thread. The weights of the best evaluation are handed to `keeper` while the network holds
/// them.
final class Trainer {
  /// Keeps a state that was better than every one before.
  interface Keeper {
    void keep(long step, Evaluation evaluation);
  }

  private final Recipe recipe;
  private final TorchNetwork network;
  private final LabelSet labels;
  private final EncodedTexts train;
  private final EncodedTexts validation;
  private final TrainingListener listener;
  private final LengthBuckets buckets;
  private final int batchesPerEpoch;
  private final long totalSteps;
  private double best;

  Trainer(
      Recipe recipe,
      TorchNetwork network,
      LabelSet labels,
      EncodedTexts train,
      EncodedTexts validation,
      TrainingListener listener) {
    this.recipe = recipe;
    this.network = network;
    this.labels = labels;
    this.train = train;
    this.validation = validation;
    this.listener = listener;
    this.best = recipe.watch().metricForBestModel().worst();
    Recipe.Optimization o = recipe.optimization();
    this.buckets = new LengthBuckets(train.lengths(), o.tokensPerBatch());
    this.batchesPerEpoch = buckets.sorted().size();
    this.totalSteps = o.maxSteps() > 0 ? o.maxSteps() : steps(o.numTrainEpochs());
  }

  long totalSteps() {
    return totalSteps;
  }

  double epochs() {
    return epoch(totalSteps);
  }

  /// Trains until the last step or until `stop` is requested.
  ///
  /// @throws NunchiException `FAILED_CHECK` where the loss is no longer a number; what was kept
  ///   before stays
  void run(Keeper keeper, StopSignal stop) {
    Recipe.Optimization o = recipe.optimization();
    Schedule schedule = Schedule.of(o, totalSteps);
    long evaluateEvery = recipe.watch().evalSteps() > 0 ? recipe.watch().evalSteps() : steps(1);
    Batches batches = new Batches();
    try (TorchTrainer torch = new TorchTrainer(network, settings(o))) {
      for (long step = 1; step <= totalSteps && !stop.isRequested(); step++) {
        step(torch, batches, step, o.learningRate() * schedule.factor(step - 1));
        if (step % evaluateEvery == 0 || step == totalSteps) {
          evaluate(step, keeper);
        }
      }
    }
  }

  private void step(TorchTrainer torch, Batches batches, long step, double learningRate) {
    int accumulated = recipe.optimization().gradientAccumulationSteps();
    double loss = 0;
    long tokens = 0;
    long places = 0;
    for (int i = 0; i < accumulated; i++) {
      int[] rows = batches.next();
      PaddedBatch batch = train.batch(rows, network.network().padTokenId());
      loss += torch.accumulate(batch, train.labels(rows), 1.0 / accumulated) / accumulated;
      tokens += batch.tokens();
      places += (long) batch.batch() * batch.seq();
    }
    if (!Double.isFinite(loss)) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          "The loss of step %d is %s; a smaller learning_rate or a longer warm-up may help"
              .formatted(step, loss));
    }
    double norm = torch.step(learningRate);
    listener.stepped(
        new TrainingListener.Step(
            step,
            totalSteps,
            epoch(step),
            loss,
            learningRate,
            norm,
            tokens,
            1 - (double) tokens / places));
  }

  private void evaluate(long step, Keeper keeper) {
    Evaluation evaluation = Evaluation.of(network, labels, validation);
    BestMetric metric = recipe.watch().metricForBestModel();
    boolean isBest = metric.isBetter(evaluation.value(metric), best);
    listener.evaluated(step, evaluation, isBest);
    if (isBest) {
      best = evaluation.value(metric);
      keeper.keep(step, evaluation);
    }
  }

  private long steps(double epochs) {
    double batches = epochs * batchesPerEpoch;
    return Math.max(1, Math.round(batches / recipe.optimization().gradientAccumulationSteps()));
  }

  private double epoch(long step) {
    return (double) step * recipe.optimization().gradientAccumulationSteps() / batchesPerEpoch;
  }

  private static TorchTrainer.Settings settings(Recipe.Optimization o) {
    return new TorchTrainer.Settings(
        o.bf16() ? ComputeType.BF16 : ComputeType.FP32,
        o.adamBeta1(),
        o.adamBeta2(),
        o.adamEpsilon(),
        o.weightDecay(),
        o.maxGradNorm(),
        o.labelSmoothingFactor());
  }

  /// The batches of all epochs, one after the other.
  private final class Batches {
    private int epoch;
    private Iterator<int[]> current = List.<int[]>of().iterator();

    int[] next() {
      if (!current.hasNext()) {
        current = buckets.epoch(recipe.optimization().seed(), epoch++).iterator();
      }
      return current.next();
    }
  }
}
