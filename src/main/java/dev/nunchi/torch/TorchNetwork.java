package dev.nunchi.torch;

import dev.nunchi.MallocTrim;
import dev.nunchi.nn.Inputs;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.PaddedBatch;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// A network with its weights in libtorch: computes logits, and through [TorchTrainer] learns.
///
/// Owns its weights. Logits may be asked for from several threads, but not while it is trained.
public final class TorchNetwork implements AutoCloseable {
  private final Network network;
  private final ParameterStore parameters;

  /// On the CPU; parameters that are not among the weights start as [FreshParameters#USUAL].
  ///
  /// @param weights taken by name
  public TorchNetwork(Network network, Weights weights) {
    this(network, weights, FreshParameters.USUAL, Placement.CPU);
  }

  /// On a device.
  ///
  /// @param weights taken by name
  /// @param fresh what others start as
  /// @param device resolved
  public TorchNetwork(
      Network network, Weights weights, FreshParameters fresh, ComputeDevice device) {
    this(network, weights, fresh, device.placement());
  }

  TorchNetwork(Network network, Weights weights, FreshParameters fresh, Placement placement) {
    this.network = network;
    try (PointerScope scope = new PointerScope()) {
      this.parameters =
          new ParameterStore(network.parameters(), weights, fresh, placement, Holding.of(network));
    }
  }

  private TorchNetwork(Network network, ParameterStore parameters) {
    this.network = network;
    this.parameters = parameters;
  }

  /// A network that holds no weights: each is read whenever a layer needs it, so that the largest
  /// checkpoint takes the memory of a layer, and a batch the time to read all of it. For logits
  /// only.
  ///
  /// @param weights all parameters, by name; they outlive the network
  public static TorchNetwork reading(Network network, Weights weights) {
    try (PointerScope scope = new PointerScope()) {
      return new TorchNetwork(network, ParameterStore.reading(network.parameters(), weights));
    }
  }

  public Network network() {
    return network;
  }

  /// Logits `[batch, labels]` in fp32, without dropout.
  public float[][] logits(PaddedBatch batch) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        CastWeights weights = new CastWeights(parameters, ScalarType.Float)) {
      Tensor logits = forward(batch, weights, null, null).cpu().contiguous();
      float[] flat = new float[(int) logits.numel()];
      new FloatPointer(logits.data_ptr()).get(flat);
      int labels = network.labels();
      float[][] rows = new float[batch.batch()][labels];
      for (int row = 0; row < rows.length; row++) {
        System.arraycopy(flat, row * labels, rows[row], 0, labels);
      }
      return rows;
    }
  }

  /// The weights in fp32, in the network's own memory, where that is the host's: they change while
  /// it is trained, and end with it. Those that adapters leave as they are stored, in half
  /// precision or in NF4, are not among them.
  public SequencedMap<String, Weight> weights() {
    return parameters.views();
  }

  /// Does something while numbers are added to all logits.
  ///
  /// @param intercepts of each label; empty for none
  public void withIntercepts(List<Double> intercepts, Runnable action) {
    if (intercepts.isEmpty()) {
      action.run();
      return;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor bias = parameters.get(network.outputBias().orElseThrow());
      Tensor before = bias.clone();
      bias.add_(Floats.tensor(intercepts, bias));
      try {
        action.run();
      } finally {
        bias.copy_(before);
      }
    }
  }

  /// Replaces the weights that [#weights] gives.
  public void restore(Map<String, Weight> weights) {
    try (PointerScope scope = new PointerScope()) {
      parameters.restore(weights);
    }
  }

  ParameterStore parameters() {
    return parameters;
  }

  /// Logits `[batch, labels]` in fp32 as a tensor of the scope that is open.
  ///
  /// @param weights of this network, in the type that it computes in
  /// @param masks of dropout, null for none
  /// @param checkpointing of the layers, null for none
  Tensor forward(
      PaddedBatch batch,
      CastWeights weights,
      @Nullable DropoutMasks masks,
      @Nullable Checkpointing checkpointing) {
    long[] shape = {batch.batch(), batch.seq()};
    Inputs<Tensor> inputs =
        new Inputs<>(
            placed(batch.inputIds(), shape),
            placed(batch.attentionMask(), shape),
            placed(batch.tokenTypeIds(), shape));
    boolean padded = batch.tokens() < (long) batch.batch() * batch.seq();
    return network
        .logits(
            new TorchOps(
                parameters, weights, masks, checkpointing, padded ? inputs.attentionMask() : null),
            inputs)
        .to(ScalarType.Float);
  }

  private Tensor placed(long[] numbers, long[] shape) {
    return parameters.placement().send(numbers).view(shape);
  }

  /// Also gives the heap's free pages back, which what follows in this process has no use for.
  @Override
  public void close() {
    parameters.close();
    MallocTrim.ofThisProcess().run();
  }
}
