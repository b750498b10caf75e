package dev.nunchi.torch;

import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// How memory holds a parameter.
enum Holding {
  /// In the type that is trained, fp32.
  TRAINED,
  /// Of what adapters leave as it is, a table or vector: a table in half precision stays in it.
  KEPT,
  /// Of what adapters leave as it is, the weight of a linear layer: in half precision or in NF4,
  /// where it is stored so.
  KEPT_MATRIX;

  /// @param network whose adapters decide
  static Function<Parameter, Holding> of(Network network) {
    Set<String> matrices =
        network.linears().stream().map(Linear::weight).collect(Collectors.toSet());
    return parameter -> {
      if (network.trains(parameter)) {
        return TRAINED;
      }
      return matrices.contains(parameter.name()) ? KEPT_MATRIX : KEPT;
    };
  }
}
