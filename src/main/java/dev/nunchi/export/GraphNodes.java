package dev.nunchi.export;

import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Adds nodes to a graph under names that no other node has.
final class GraphNodes {
  private final GraphWriter graph;
  private final Map<String, Integer> names = new HashMap<>();
  private final Map<Cast, Value> casts = new HashMap<>();

  private record Cast(Value x, DataType type) {}

  GraphNodes(GraphWriter graph) {
    this.graph = graph;
  }

  /// A node whose output has the type of its first input.
  Value node(
      String operator,
      String name,
      List<Axis> shape,
      List<Value> inputs,
      AttributeProto... attributes) {
    return node(operator, name, inputs.getFirst().type(), shape, inputs, attributes);
  }

  Value node(
      String operator,
      String name,
      DataType type,
      List<Axis> shape,
      List<Value> inputs,
      AttributeProto... attributes) {
    return graph.node(operator, unique(name), type, shape, inputs, attributes);
  }

  /// `x` in that type; itself where it is.
  Value as(DataType type, Value x) {
    return x.type() == type
        ? x
        : casts.computeIfAbsent(
            new Cast(x, type),
            _ ->
                node(
                    "Cast",
                    x.name() + "." + type.name().toLowerCase(Locale.ROOT),
                    type,
                    x.shape(),
                    List.of(x),
                    Attributes.of("to", type.getNumber())));
  }

  /// The name itself the first time, then `name_1`, `name_2` …
  String unique(String name) {
    int before = names.merge(name, 1, Integer::sum) - 1;
    return before == 0 ? name : name + "_" + before;
  }
}
