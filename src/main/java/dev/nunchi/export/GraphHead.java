package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.export.onnx.GraphProto;
import dev.nunchi.export.onnx.NodeProto;
import dev.nunchi.export.onnx.TensorProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The last linear layer of a classifier's graph: what makes logits of what the encoder says of a
/// text.
///
/// @param input the value that it reads, `[batch, width]`, of float
/// @param before names of all values and weights that this one is computed from, and its own
record GraphHead(String input, int width, Set<String> before) {
  /// The logits of a graph, and of the transformer of two that were combined.
  private static final String LOGITS = "logits";

  private static final String LOGITS_OF_FIRST = "first/logits";

  /// @param path that errors name
  /// @throws NunchiException `UNSUPPORTED_MODEL` where the last layer is not linear, as of n-grams
  static GraphHead of(Path path, GraphProto graph) {
    Map<String, NodeProto> producers = new HashMap<>();
    graph
        .getNodeList()
        .forEach(node -> node.getOutputList().forEach(output -> producers.put(output, node)));
    Map<String, TensorProto> weights = new HashMap<>();
    graph.getInitializerList().forEach(tensor -> weights.put(tensor.getName(), tensor));
    String value = producers.containsKey(LOGITS_OF_FIRST) ? LOGITS_OF_FIRST : LOGITS;
    while (true) {
      // An input of the graph, or a weight, comes from a node without a type.
      NodeProto node = producers.getOrDefault(value, NodeProto.getDefaultInstance());
      switch (node.getOpType()) {
        case "Identity" -> value = node.getInput(0);
        case "Add" ->
            value = weights.containsKey(node.getInput(0)) ? node.getInput(1) : node.getInput(0);
        case "MatMul" -> {
          @Nullable TensorProto weight = weights.get(node.getInput(1));
          if (weight == null
              || weight.getDimsCount() != 2
              || weight.getDataType() != DataType.FLOAT.getNumber()) {
            throw unsupported(path);
          }
          String input = node.getInput(0);
          return new GraphHead(input, (int) weight.getDims(0), before(input, producers));
        }
        default -> throw unsupported(path);
      }
    }
  }

  private static NunchiException unsupported(Path path) {
    return new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        path
            + " does not end in a linear layer of fp32 over an encoder, whose place another head"
            + " could take");
  }

  private static Set<String> before(String value, Map<String, NodeProto> producers) {
    Set<String> found = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(Set.of(value));
    while (!open.isEmpty()) {
      String name = open.pop();
      if (found.add(name)) {
        Stream.ofNullable(producers.get(name))
            .flatMap(node -> node.getInputList().stream())
            .forEach(open::push);
      }
    }
    return found;
  }
}
