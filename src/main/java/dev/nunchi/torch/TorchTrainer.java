package dev.nunchi.torch;

import dev.nunchi.nn.LayerDepth;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.PaddedBatch;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Trains a [TorchNetwork]: gathers gradients over batches, then takes an optimiser step.
///
/// One thread only. Every step frees what it allocated; the weights stay with the network. With the
/// weights, [#state] and [#dropoutMasks] are all that a later run needs to go on as if this one had
/// never ended.
public final class TorchTrainer implements AutoCloseable {
  /// How a network is trained.
  ///
  /// @param maxGradNorm largest joint norm of the gradients, 0 for no limit
  /// @param averaging of the weights
  /// @param freezing of layers
  /// @param checkpointing whether layers are computed once more on the way back, in place of
  ///   keeping what they computed
  /// @param dropoutSeed of the masks of dropout
  public record Settings(
      ComputeType computeType,
      Loss loss,
      OptimizerSettings optimizer,
      double maxGradNorm,
      Averaging averaging,
      Freezing freezing,
      boolean checkpointing,
      long dropoutSeed) {}

  private final TorchNetwork network;
  private final Settings settings;
  private final CastWeights weights;
  private final Gradients gradients;
  private final Optimizer optimizer;
  private final LayerDepth depth;
  private final DropoutMasks masks;
  private final @Nullable Checkpointing checkpointing;
  private final @Nullable WeightAverage average;
  private final NativeHeap heap = NativeHeap.ofThisProcess();
  private long steps;

  public TorchTrainer(TorchNetwork network, Settings settings) {
    this.network = network;
    this.settings = settings;
    this.depth = new LayerDepth(network.network());
    this.masks = new DropoutMasks(settings.dropoutSeed());
    this.checkpointing = settings.checkpointing() ? new Checkpointing(masks) : null;
    network.parameters().freezeAllBut(settings.freezing().learners(network.network()));
    this.weights = new CastWeights(network.parameters(), settings.computeType().scalarType());
    try (PointerScope scope = new PointerScope()) {
      this.gradients = new Gradients(network.parameters());
      this.optimizer =
          switch (settings.optimizer()) {
            case OptimizerSettings.AdamW adamW ->
                new AdamW(network.network(), network.parameters(), adamW);
            case OptimizerSettings.AdamW8bit eightBit ->
                new AdamW8bit(network.network(), network.parameters(), eightBit);
            case OptimizerSettings.Adagrad adagrad -> new Adagrad(network.parameters(), adagrad);
          };
      this.average =
          settings.averaging().equals(Averaging.NONE)
              ? null
              : new WeightAverage(network.parameters(), settings.averaging());
    }
    freeze();
  }

  /// Adds the gradients of one batch to those gathered since the last step.
  ///
  /// @param targets of its texts
  /// @param share of the batch in the step, its [Loss#weight] over that of all the step's batches,
  ///   so that the step follows the mean over its texts however they are cut into batches
  /// @return the mean loss of the batch
  public double accumulate(PaddedBatch batch, Targets targets, double share) {
    try (PointerScope scope = new PointerScope()) {
      Tensor logits = network.forward(batch, weights, masks, checkpointing);
      Tensor loss = settings.loss().mean(logits, targets);
      backward(share == 1 ? loss : loss.mul(new Scalar(share)));
      return loss.item_double();
    }
  }

  private void backward(Tensor loss) {
    try {
      if (checkpointing == null) {
        loss.backward();
      } else {
        checkpointing.backward(loss);
      }
    } finally {
      weights.walkedBack();
    }
  }

  /// Clips the gathered gradients.
  ///
  /// @return their joint L2 norm before
  public double clip() {
    try (PointerScope scope = new PointerScope()) {
      return gradients.clip(settings.maxGradNorm());
    }
  }

  /// Updates the weights from the gathered gradients, and forgets these.
  public void step(double learningRate) {
    try (PointerScope scope = new PointerScope()) {
      optimizer.step(learningRate);
      gradients.clear();
      weights.clear();
      steps++;
      if (average != null) {
        average.update(steps);
      }
    }
    heap.stepped();
    freeze();
  }

  private void freeze() {
    settings.freezing().apply(depth, network.parameters(), steps);
  }

  /// Does something while the network holds the averaged weights, where they are averaged.
  public void withAverage(Runnable action) {
    swapAverage();
    try {
      action.run();
    } finally {
      swapAverage();
    }
  }

  private void swapAverage() {
    if (average != null && settings.averaging().isBegun(steps)) {
      try (PointerScope scope = new PointerScope()) {
        average.swap();
      }
    }
  }

  /// The masks of dropout drawn so far.
  public long dropoutMasks() {
    return masks.drawn();
  }

  /// What optimiser and average keep, by name, in their own memory: it changes with each step, and
  /// ends with the trainer.
  public SequencedMap<String, Weight> state() {
    SequencedMap<String, Weight> state = new LinkedHashMap<>();
    optimizer.addTo(state);
    if (average != null) {
      average.addTo(state);
    }
    return state;
  }

  /// Goes on where another trainer stood.
  ///
  /// @param state of [#state]
  /// @param steps it had taken
  /// @param dropoutMasks it had drawn
  public void restore(Weights state, long steps, long dropoutMasks) {
    this.steps = steps;
    masks.restore(dropoutMasks);
    try (PointerScope scope = new PointerScope()) {
      optimizer.restore(state);
      if (average != null) {
        average.restore(state);
      }
    }
    freeze();
  }

  @Override
  public void close() {
    if (checkpointing != null) {
      checkpointing.close();
    }
    weights.close();
    optimizer.close();
    if (average != null) {
      average.close();
    }
  }
}
