package dev.nunchi.torch;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.LayerDepth;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import java.util.function.Predicate;

/// Which layers of a network keep their weights, and until when. The head always learns.
///
/// A layer that does not learn costs no gradient, no decay and, below the lowest one that does, no
/// time on the way back.
///
/// @param lowest layers from the input that never learn, the embeddings with the first of them; 0
///   for none
/// @param stepsOfLayer in gradual unfreezing (Howard and Ruder, 2018,
///   <https://arxiv.org/abs/1801.06146>) the steps from one layer to the next: the head learns
///   alone, then with the last layer, and so on down to the embeddings; 0 for all from the start
public record Freezing(int lowest, double stepsOfLayer) {
  /// Everything learns.
  public static final Freezing NONE = new Freezing(0, 0);

  /// @throws NunchiException `INVALID_RECIPE` where the network has fewer layers than are to keep
  ///   their weights, or none to unfreeze
  public void requireFits(Network network) {
    int layers = network.trunk().layers();
    if (lowest > layers) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "freeze_layers is %d, but the network has %d layers".formatted(lowest, layers));
    }
    if (stepsOfLayer > 0 && layers == 0) {
      throw new NunchiException(
          Reason.INVALID_RECIPE, "gradual_unfreezing: the network has no layers to unfreeze");
    }
  }

  /// The parameters of a network that ever learn.
  public Predicate<Parameter> learners(Network network) {
    LayerDepth depth = new LayerDepth(network);
    int layers = network.trunk().layers();
    return parameter -> network.trains(parameter) && !keeps(depth.of(parameter), layers);
  }

  /// Sets which of the parameters that learn gather gradients in the step that comes.
  ///
  /// @param steps that were taken
  void apply(LayerDepth depth, ParameterStore parameters, long steps) {
    if (stepsOfLayer == 0) {
      return;
    }
    for (Parameter parameter : parameters.trained()) {
      boolean waits = depth.of(parameter) > Math.floor(steps / stepsOfLayer);
      parameters.get(parameter.name()).set_requires_grad(!waits);
    }
  }

  /// @param depth from the output, as [LayerDepth] has it
  private boolean keeps(int depth, int layers) {
    return depth > 0 && lowest > 0 && layers - depth < lowest;
  }
}
