package dev.nunchi.train;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Nf4;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weights;
import java.util.Set;
import java.util.stream.Collectors;

/// What the weights of a network take in memory while it is trained.
///
/// @param weights bytes of all, with their copies in the type that layers compute in
/// @param room bytes that the largest matrix takes which is given in full for each use
record HeldWeights(long weights, long room) {
  /// @param bf16 whether layers compute in it
  static HeldWeights of(Network network, Weights stored, boolean bf16) {
    Set<String> matrices =
        network.linears().stream().map(Linear::weight).collect(Collectors.toSet());
    long weights = 0;
    long room = 0;
    for (Parameter parameter : network.parameters()) {
      boolean isMatrix = matrices.contains(parameter.name());
      boolean stays = !network.trains(parameter) && stored.names().contains(parameter.name());
      if (stays && isMatrix && stored.isQuantized(parameter.name())) {
        weights += Nf4.bytes(parameter.size());
        room = Math.max(room, parameter.size() * Float.BYTES);
      } else if (stays && parameter.shape().size() > 1 && isHalf(stored, parameter)) {
        weights += parameter.size() * Short.BYTES;
        // Evaluation computes in fp32.
        room = isMatrix ? Math.max(room, parameter.size() * Float.BYTES) : room;
      } else {
        weights += parameter.size() * (Float.BYTES + (bf16 && isMatrix ? Short.BYTES : 0));
      }
    }
    return new HeldWeights(weights, room);
  }

  private static boolean isHalf(Weights stored, Parameter parameter) {
    ElementType type = stored.type(parameter.name());
    return type == ElementType.BF16 || type == ElementType.F16;
  }

  long bytes() {
    return weights + room;
  }
}
