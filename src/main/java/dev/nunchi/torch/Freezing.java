package dev.nunchi.torch;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.LayerDepth;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;

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

  /// Sets which parameters gather gradients in the step that comes.
  ///
  /// @param layers of the network
  /// @param steps that were taken
  void apply(LayerDepth depth, int layers, ParameterStore parameters, long steps) {
    if (equals(NONE)) {
      return;
    }
    for (Parameter parameter : parameters.parameters()) {
      parameters
          .get(parameter.name())
          .set_requires_grad(learns(depth.of(parameter), layers, steps));
    }
  }

  /// @param depth from the output, as [LayerDepth] has it
  private boolean learns(int depth, int layers, long steps) {
    boolean frozen = lowest > 0 && layers - depth < lowest;
    boolean waits = stepsOfLayer > 0 && depth > Math.floor(steps / stepsOfLayer);
    return depth == 0 || !(frozen || waits);
  }
}
