package dev.nunchi.export;

import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import java.util.Set;
import java.util.stream.Collectors;

/// The linear layers of a graph that take an adapter's numbers as inputs, by name.
///
/// @param adapted those to which low-rank matrices may be added
/// @param given those whose weights are the adapter's own: its head, and what began afresh with it
/// @param output the one of these that gives the logits, of any number of labels
record OpenLayers(Set<String> adapted, Set<String> given, String output) {
  /// Those of a graph that is a whole classifier.
  static final OpenLayers NONE = new OpenLayers(Set.of(), Set.of(), "");

  OpenLayers {
    adapted = Set.copyOf(adapted);
    given = Set.copyOf(given);
  }

  /// Those of a network with adapters.
  static OpenLayers of(Network adapted) {
    Set<String> given =
        adapted.parameters().stream()
            .filter(adapted::trains)
            .map(Parameter::name)
            .filter(name -> !LowRank.isParameter(name))
            .map(OpenLayers::layer)
            .collect(Collectors.toSet());
    return new OpenLayers(
        adapted.adapters().layers().keySet(), given, layer(adapted.outputWeight()));
  }

  private static String layer(String parameter) {
    return parameter.substring(0, parameter.lastIndexOf('.'));
  }
}
