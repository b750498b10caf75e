package dev.nunchi.nn;

import java.util.HashMap;
import java.util.Map;

/// How far each parameter of a network is from its output: 0 for the head and what stands between
/// it and the last layer, 1 for the last layer, and so on down to the embeddings.
///
/// Learning rates that fall towards the input follow it (Clark et al., 2020,
/// <https://arxiv.org/abs/2003.10555>, fine-tune ELECTRA so, with a factor of 0.8 for the small
/// network).
public final class LayerDepth {
  private final Map<String, Integer> depths = new HashMap<>();

  public LayerDepth(Network network) {
    int layers = network.trunk().layers();
    int reached = -1;
    for (Parameter parameter : network.parameters()) {
      int layer = layer(network.trunk(), parameter);
      reached = Math.max(reached, layer);
      boolean isHead =
          network.mayBeFresh(parameter) || layers > 0 && layer < 0 && reached == layers - 1;
      // Embeddings have no layer, which is as if theirs were -1.
      depths.put(parameter.name(), isHead ? 0 : layers - layer);
    }
  }

  public int of(Parameter parameter) {
    Integer depth = depths.get(parameter.name());
    if (depth == null) {
      throw new IllegalArgumentException("The network has no parameter " + parameter.name());
    }
    return depth;
  }

  private static int layer(Trunk trunk, Parameter parameter) {
    for (int layer = 0; layer < trunk.layers(); layer++) {
      if (parameter.name().startsWith(trunk.layerPrefix(layer))) {
        return layer;
      }
    }
    return -1;
  }
}
