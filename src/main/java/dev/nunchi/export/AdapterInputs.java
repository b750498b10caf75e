package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.LowRank;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The inputs by which a graph takes adapters, so that one base in memory serves many, also in one
/// batch: each text has an adapter of its own there, or all have one.
///
/// A layer that may be adapted computes `x·Wᵀ + b + (x·A)·B`. Its inputs are called as the
/// adapter's parameters: `name.lora_A.weight` `[adapter_rows, in, rank]` and `name.lora_B.weight`
/// `[adapter_rows, rank, out]`, `A` and the scaled `B` transposed, as MatMul reads them;
/// `adapter_rows` is 1 or the size of the batch. With rank 0 the layer is the base's. A layer of
/// the head is given whole, `name.weight` `[adapter_rows, in, out]` and `name.bias` `[adapter_rows,
/// out]`; that of the logits has as many labels as the caller gives.
///
/// All are fp32 and added in fp32, whatever the base is in.
final class AdapterInputs {
  private static final Axis ROWS = new Axis.Named("adapter_rows");
  private static final Axis LABELS = new Axis.Named("labels");

  private final GraphWriter graph;
  private final GraphNodes nodes;
  private final OpenLayers open;
  private final Map<String, Value> inputs = new HashMap<>();

  AdapterInputs(GraphWriter graph, GraphNodes nodes, OpenLayers open) {
    this.graph = graph;
    this.nodes = nodes;
    this.open = open;
  }

  /// Whether a layer's weights are inputs.
  boolean give(Linear layer) {
    return open.given().contains(layer.name());
  }

  /// Whether an adapter may be added to a layer.
  boolean adapt(Linear layer) {
    return open.adapted().contains(layer.name());
  }

  /// Whether an adapter may be added to any layer.
  boolean adaptAny() {
    return !open.adapted().isEmpty();
  }

  /// What a layer gives by the weights that are inputs: `[batch, in]` to `[batch, out]`.
  Value linear(Value x, Linear layer) {
    Axis out = layer.name().equals(open.output()) ? LABELS : Axis.of(layer.out());
    Value weight = input(layer.weight(), ROWS, Axis.of(layer.in()), out);
    Value product = product(nodes.as(DataType.FLOAT, x), List.of(weight), layer.name());
    return layer.bias()
        ? nodes.node(
            "Add",
            layer.name(),
            product.shape(),
            List.of(product, input(layer.biasName(), ROWS, out)))
        : product;
  }

  /// What a layer gives with the adapter.
  ///
  /// @param own what the base's layer gives of `x`
  Value adapted(Value own, Value x, Linear layer) {
    // A name for each layer: ONNX Runtime takes axes of one name for equal, but ranks may be 0.
    Axis rank = new Axis.Named(layer.name() + ".rank");
    Axis in = Axis.of(layer.in());
    Axis out = Axis.of(layer.out());
    Value down = input(LowRank.downWeight(layer.name()), ROWS, in, rank);
    Value up = input(LowRank.upWeight(layer.name()), ROWS, rank, out);
    Value update =
        product(nodes.as(DataType.FLOAT, x), List.of(down, up), layer.name() + ".update");
    return nodes.node(
        "Add",
        layer.name() + ".adapted",
        update.shape(),
        List.of(nodes.as(DataType.FLOAT, own), update));
  }

  /// One for each name, as a layer may be applied twice.
  private Value input(String name, Axis... shape) {
    return inputs.computeIfAbsent(name, _ -> graph.input(name, DataType.FLOAT, List.of(shape)));
  }

  /// `x` times each matrix of its text, one after the other. Rows of `[batch, in]` are texts.
  private Value product(Value x, List<Value> matrices, String name) {
    boolean flat = x.shape().size() == 2;
    Value product =
        flat
            ? nodes.node(
                "Unsqueeze",
                name + ".apart",
                List.of(x.axis(0), Axis.of(1), x.axis(1)),
                List.of(x, graph.constant("ones", 1)))
            : x;
    for (Value matrix : matrices) {
      List<Axis> shape = new ArrayList<>(product.shape());
      shape.set(2, matrix.axis(2));
      if (shape.getFirst().equals(Axis.of(1))) {
        // What is the same for all texts before, as the distances of tokens.
        shape.set(0, ROWS);
      }
      product =
          nodes.node("MatMul", name + ".product", List.copyOf(shape), List.of(product, matrix));
    }
    return flat
        ? nodes.node(
            "Squeeze",
            name + ".joined",
            List.of(product.axis(0), product.axis(2)),
            List.of(product, graph.constant("ones", 1)))
        : product;
  }
}
