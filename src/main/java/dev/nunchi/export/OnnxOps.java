package dev.nunchi.export;

import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.Inputs;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Ops;
import dev.nunchi.nn.Weights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The interpreter that writes: each operation adds nodes of the standard ONNX operators to a
/// graph.
///
/// Their form is the one that ONNX Runtime knows and replaces by its fused operators: Q, K and V
/// each MatMul, Add, Reshape, Transpose; a mask that is added before Softmax; a Gelu after an Add.
final class OnnxOps implements Ops<Value> {
  private static final List<Axis> TOKENS = List.of(Axis.Named.BATCH, Axis.Named.SEQ);

  /// Added to the scores of padded keys, as transformers does it. Finite, so that a row of padding
  /// alone gives no NaN.
  private static final float MASKED = -Float.MAX_VALUE;

  private final GraphWriter graph;
  private final Weights weights;
  private final Map<String, Integer> names = new HashMap<>();
  private final Map<Value, Value> additiveMasks = new HashMap<>();

  OnnxOps(GraphWriter graph, Weights weights) {
    this.graph = graph;
    this.weights = weights;
  }

  /// The whole classifier: int64 `input_ids`, `attention_mask` and `token_type_ids`, each
  /// `[batch_size, sequence_length]`, to `logits` `[batch_size, labels]`.
  static GraphWriter graph(Network network, Weights weights) {
    GraphWriter graph = new GraphWriter();
    Inputs<Value> inputs =
        new Inputs<>(
            graph.input("input_ids", DataType.INT64, TOKENS),
            graph.input("attention_mask", DataType.INT64, TOKENS),
            graph.input("token_type_ids", DataType.INT64, TOKENS));
    graph.output("logits", network.logits(new OnnxOps(graph, weights), inputs));
    return graph;
  }

  @Override
  public Value embedding(Value ids, Embedding table) {
    return node(
        "Gather",
        table.name(),
        append(ids.shape(), table.width()),
        List.of(weight(table.weight()), ids));
  }

  @Override
  public Value positions(Value ids, Embedding table) {
    String name = table.name();
    Value length =
        graph.node(
            "Shape",
            unique(name + ".length"),
            DataType.INT64,
            List.of(Axis.of(1)),
            List.of(ids),
            Attributes.of("start", 1),
            Attributes.of("end", 2));
    Value rows =
        node(
            "Slice",
            name + ".rows",
            List.of(ids.axis(1), Axis.of(table.width())),
            List.of(weight(table.weight()), graph.constant("zeros", 0), length));
    return node(
        "Unsqueeze",
        name,
        append(List.of(Axis.of(1), ids.axis(1)), table.width()),
        List.of(rows, graph.constant("zeros", 0)));
  }

  @Override
  public Value linear(Value x, Linear layer) {
    List<Axis> shape = append(x.shape().subList(0, x.shape().size() - 1), layer.out());
    Value weight = graph.weight(layer.weight(), weights.get(layer.weight()), true);
    if (!layer.bias()) {
      return node("MatMul", layer.name(), shape, List.of(x, weight));
    }
    Value product = node("MatMul", layer.name() + ".product", shape, List.of(x, weight));
    return node("Add", layer.name(), shape, List.of(product, weight(layer.biasName())));
  }

  @Override
  public Value layerNorm(Value x, LayerNorm norm) {
    return node(
        "LayerNormalization",
        norm.name(),
        x.shape(),
        List.of(x, weight(norm.weight()), weight(norm.biasName())),
        Attributes.of("axis", -1),
        Attributes.of("epsilon", (float) norm.epsilon()));
  }

  @Override
  public Value add(Value a, Value b) {
    return node("Add", "sum", a.shape(), List.of(a, b));
  }

  @Override
  public Value activation(Value x, Activation function) {
    return switch (function) {
      case GELU -> activation("Gelu", x, Attributes.of("approximate", "none"));
      case GELU_TANH -> activation("Gelu", x, Attributes.of("approximate", "tanh"));
      case RELU -> activation("Relu", x);
      case TANH -> activation("Tanh", x);
    };
  }

  private Value activation(String operator, Value x, AttributeProto... attributes) {
    return node(operator, x.name() + "." + operator, x.shape(), List.of(x), attributes);
  }

  @Override
  public Value dropout(Value x, double probability) {
    return x;
  }

  @Override
  public Value attention(
      Value query, Value key, Value value, Value attentionMask, Attention attention) {
    Axis heads = Axis.of(attention.heads());
    Axis width = Axis.of(attention.headDim());
    Axis batch = query.axis(0);
    Axis seq = query.axis(1);
    Value q = heads(query, attention, List.of(batch, heads, seq, width), 0L, 2L, 1L, 3L);
    Value k = heads(key, attention, List.of(batch, heads, width, seq), 0L, 2L, 3L, 1L);
    Value v = heads(value, attention, List.of(batch, heads, seq, width), 0L, 2L, 1L, 3L);
    List<Axis> square = List.of(batch, heads, seq, seq);
    String name = query.name() + ".attention";
    Value products = node("MatMul", name + ".products", square, List.of(q, k));
    Value root =
        graph.scalar("root." + attention.headDim(), (float) Math.sqrt(attention.headDim()));
    Value scores = node("Div", name + ".scores", square, List.of(products, root));
    Value masked =
        node("Add", name + ".masked", square, List.of(scores, additiveMask(attentionMask)));
    Value shares =
        node("Softmax", name + ".shares", square, List.of(masked), Attributes.of("axis", -1));
    Value mixed =
        node("MatMul", name + ".mixed", List.of(batch, heads, seq, width), List.of(shares, v));
    Value joined =
        node(
            "Transpose",
            name + ".transposed",
            List.of(batch, seq, heads, width),
            List.of(mixed),
            Attributes.list("perm", 0L, 2L, 1L, 3L));
    long hidden = (long) attention.heads() * attention.headDim();
    // A 0 in a shape keeps the axis as it is.
    return node(
        "Reshape",
        name,
        append(List.of(batch, seq), hidden),
        List.of(joined, graph.constant("joined." + hidden, 0, 0, hidden)));
  }

  /// Splits the last axis into heads and permutes the axes of `[batch, seq, heads, head_dim]`.
  private Value heads(Value x, Attention attention, List<Axis> shape, Long... permutation) {
    long heads = attention.heads();
    long width = attention.headDim();
    Value split =
        node(
            "Reshape",
            x.name() + ".split",
            List.of(x.axis(0), x.axis(1), Axis.of(heads), Axis.of(width)),
            List.of(x, graph.constant("split.%d.%d".formatted(heads, width), 0, 0, heads, width)));
    return node(
        "Transpose",
        x.name() + ".heads",
        shape,
        List.of(split),
        Attributes.list("perm", permutation));
  }

  /// `[batch, seq]` of 1 and 0 to `[batch, 1, 1, seq]` of 0 and [#MASKED]; once for all layers.
  private Value additiveMask(Value mask) {
    return additiveMasks.computeIfAbsent(mask, this::newAdditiveMask);
  }

  private Value newAdditiveMask(Value mask) {
    Axis one = Axis.of(1);
    Value rows =
        graph.node(
            "Unsqueeze",
            unique("mask.rows"),
            DataType.INT64,
            List.of(mask.axis(0), one, mask.axis(1)),
            List.of(mask, graph.constant("ones", 1)));
    List<Axis> shape = List.of(mask.axis(0), one, one, mask.axis(1));
    Value unsqueezed =
        graph.node(
            "Unsqueeze",
            unique("mask.unsqueezed"),
            DataType.INT64,
            shape,
            List.of(rows, graph.constant("twos", 2)));
    Value kept =
        node(
            "Cast",
            "mask.kept",
            shape,
            List.of(unsqueezed),
            Attributes.of("to", DataType.FLOAT.getNumber()));
    Value padded = node("Sub", "mask.padded", shape, List.of(graph.scalar("one", 1f), kept));
    return node("Mul", "mask.additive", shape, List.of(padded, graph.scalar("masked", MASKED)));
  }

  @Override
  public Value select(Value x, int position) {
    return node(
        "Gather",
        "selected",
        List.of(x.axis(0), x.axis(2)),
        List.of(x, graph.scalar("position." + position, (long) position)),
        Attributes.of("axis", 1));
  }

  private Value weight(String name) {
    return graph.weight(name, weights.get(name), false);
  }

  private Value node(
      String operator,
      String name,
      List<Axis> shape,
      List<Value> inputs,
      AttributeProto... attributes) {
    return graph.node(operator, unique(name), DataType.FLOAT, shape, inputs, attributes);
  }

  /// The name itself the first time, then `name_1`, `name_2` …
  private String unique(String name) {
    int before = names.merge(name, 1, Integer::sum) - 1;
    return before == 0 ? name : name + "_" + before;
  }

  private static List<Axis> append(List<Axis> axes, long last) {
    List<Axis> all = new ArrayList<>(axes);
    all.add(Axis.of(last));
    return List.copyOf(all);
  }
}
