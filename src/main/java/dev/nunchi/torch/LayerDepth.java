package dev.nunchi.torch;

import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How far a parameter is from the network's output, for learning rates that fall towards the
/// input: 0 for the head, 1 for the last layer, and so on down to the embeddings.
///
/// Clark et al. (2020, <https://arxiv.org/abs/2003.10555>) fine-tune ELECTRA so, with a factor of
/// 0.8 for the small network.
final class LayerDepth {
  private static final Pattern LAYER = Pattern.compile("\\.layer\\.(\\d+)\\.");

  /// BERT's dense layer before its classifier, which belongs to the head.
  private static final String POOLER = ".pooler.";

  private final Network network;
  private final int layers;

  LayerDepth(Network network) {
    this.network = network;
    this.layers = network.parameters().stream().mapToInt(LayerDepth::layer).max().orElse(-1) + 1;
  }

  int of(Parameter parameter) {
    if (network.headPrefixes().stream().anyMatch(parameter.name()::startsWith)
        || parameter.name().contains(POOLER)) {
      return 0;
    }
    // Embeddings have no layer, which is as if theirs were -1.
    return layers - layer(parameter);
  }

  private static int layer(Parameter parameter) {
    Matcher matcher = LAYER.matcher(parameter.name());
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : -1;
  }
}
