package dev.nunchi.export;

import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Bias;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.Inputs;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.Syllable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/// The interpreter that writes: each operation adds nodes to a graph, of the standard ONNX
/// operators but for whole numbers, where the standard has none that scales by column.
///
/// Their form is the one that ONNX Runtime knows and replaces by its fused operators: Q, K and V
/// each MatMul, Add, Reshape, Transpose; a mask that is added before Softmax; a Gelu after an Add.
final class OnnxOps implements Ops<Value> {
  private static final List<Axis> TOKENS = List.of(Axis.Named.BATCH, Axis.Named.SEQ);

  /// Added to the scores of padded keys, as transformers does it. Finite, so that a row of padding
  /// alone gives no NaN.
  private static final float MASKED = -Float.MAX_VALUE;

  /// A table of fewer rows is not worth the operations that whole numbers take.
  private static final int LEAST_ROUNDED_ROWS = 16;

  private final GraphWriter graph;
  private final Weights weights;
  private final NumberFormat format;
  private final Map<String, Integer> names = new HashMap<>();
  private final Map<Value, Value> additiveMasks = new HashMap<>();
  private final Map<Cast, Value> casts = new HashMap<>();
  private final Map<Value, Rounded> roundedInputs = new HashMap<>();
  private final Map<String, Value> linearInputs = new LinkedHashMap<>();

  private final Map<Longer, Value> longer = new HashMap<>();

  private record Cast(Value x, DataType type) {}

  /// Rows with zeros after them.
  private record Longer(Value x, int places) {}

  /// An input of linear layers in whole numbers.
  private record Rounded(Value value, Value step, Value zeroPoint) {}

  OnnxOps(GraphWriter graph, Weights weights, NumberFormat format) {
    this.graph = graph;
    this.weights = weights;
    this.format = format;
  }

  /// The whole classifier: int64 `input_ids`, `attention_mask` and `token_type_ids`, each
  /// `[batch_size, sequence_length]`, to `logits` `[batch_size, labels]`.
  static GraphWriter graph(Network network, Weights weights, NumberFormat format) {
    GraphWriter graph = new GraphWriter();
    new OnnxOps(graph, weights, format).write(network);
    return graph;
  }

  /// The classifier in fp32 with the inputs of its linear layers as further outputs.
  static ObservedGraph observed(Network network, Weights weights) {
    GraphWriter graph = new GraphWriter();
    OnnxOps ops = new OnnxOps(graph, weights, new NumberFormat.Float32());
    ops.write(network);
    Map<String, String> outputs = new LinkedHashMap<>();
    Map<Value, String> written = new HashMap<>();
    ops.linearInputs.forEach((layer, input) ->
        outputs.put(
            layer,
            written.computeIfAbsent(
                input,
                _ -> {
                  String name = "observed." + written.size();
                  graph.output(name, input);
                  return name;
                })));
    return new ObservedGraph(graph, outputs);
  }

  /// @param outputs which output has the input of a linear layer, by the layer's name; layers with
  ///   one input share the output
  record ObservedGraph(GraphWriter graph, Map<String, String> outputs) {}

  private void write(Network network) {
    Inputs<Value> inputs =
        new Inputs<>(
            graph.input("input_ids", DataType.INT64, TOKENS),
            graph.input("attention_mask", DataType.INT64, TOKENS),
            graph.input("token_type_ids", DataType.INT64, TOKENS));
    graph.output("logits", as(DataType.FLOAT, network.logits(this, inputs)));
  }

  @Override
  public Value embedding(Value ids, Embedding table) {
    List<Axis> shape = append(ids.shape(), table.width());
    if (format instanceof NumberFormat.Int8 && table.rows() >= LEAST_ROUNDED_ROWS) {
      return roundedEmbedding(ids, table, shape);
    }
    return node("Gather", table.name(), shape, List.of(weight(table.weight()), ids));
  }

  /// Rows of whole numbers, each times its own step.
  private Value roundedEmbedding(Value ids, Embedding table, List<Axis> shape) {
    TensorContent.Integers rows = TensorContent.Integers.of(weights.get(table.weight()), false);
    Value values = graph.weight(table.weight() + ".int8", () -> rows);
    Value steps = graph.constant(table.weight() + ".steps", rows.steps());
    Value found = node("Gather", table.name() + ".int8", shape, List.of(values, ids));
    Value step = node("Gather", table.name() + ".step", ids.shape(), List.of(steps, ids));
    Value column =
        node(
            "Unsqueeze",
            table.name() + ".column",
            append(ids.shape(), 1),
            List.of(step, graph.constant("twos", 2)));
    return node("Mul", table.name(), shape, List.of(as(DataType.FLOAT, found), column));
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
    linearInputs.put(layer.name(), x);
    // Rows of [batch, hidden] are the head's.
    boolean head = x.shape().size() == 2;
    return switch (format) {
      case NumberFormat.Float32() -> linear(x, layer, DataType.FLOAT);
      case NumberFormat.Float16() -> linear(x, layer, head ? DataType.FLOAT : DataType.FLOAT16);
      case NumberFormat.Int8(Map<String, Range> inputs) ->
          head
              ? linear(x, layer, DataType.FLOAT)
              : roundedLinear(x, layer, Objects.requireNonNull(inputs.get(layer.name())));
    };
  }

  private Value linear(Value input, Linear layer, DataType type) {
    Value x = as(type, input);
    List<Axis> shape = append(x.shape().subList(0, x.shape().size() - 1), layer.out());
    Value weight = weight(layer.weight(), type, true);
    if (!layer.bias()) {
      return node("MatMul", layer.name(), shape, List.of(x, weight));
    }
    Value product = node("MatMul", layer.name() + ".product", shape, List.of(x, weight));
    return node(
        "Add", layer.name(), shape, List.of(product, weight(layer.biasName(), type, false)));
  }

  @Override
  public Value bias(Value x, Bias bias) {
    return node(
        "Add",
        bias.name() + ".added",
        x.shape(),
        List.of(as(DataType.FLOAT, x), weight(bias.name(), DataType.FLOAT, false)));
  }

  /// Whole numbers times whole numbers, summed exactly, then scaled.
  private Value roundedLinear(Value x, Linear layer, Range range) {
    List<Axis> shape = append(x.shape().subList(0, x.shape().size() - 1), layer.out());
    Rounded input = roundedInputs.computeIfAbsent(x, _ -> rounded(x, range));
    TensorContent.Integers matrix = TensorContent.Integers.of(weights.get(layer.weight()), true);
    List<Value> inputs =
        new ArrayList<>(
            List.of(
                input.value(),
                graph.weight(layer.weight() + ".int8", () -> matrix),
                input.step(),
                graph.constant(layer.weight() + ".steps", matrix.steps()),
                input.zeroPoint()));
    if (layer.bias()) {
      inputs.add(Value.NONE);
      inputs.add(weight(layer.biasName(), DataType.FLOAT, false));
    }
    return graph.runtimeNode(
        "MatMulIntegerToFloat", unique(layer.name()), DataType.FLOAT, shape, inputs);
  }

  private Rounded rounded(Value x, Range range) {
    Value step = graph.scalar(x.name() + ".step", range.step());
    Value zeroPoint = graph.unsignedByte(x.name() + ".zero", range.zeroPoint());
    Value value =
        graph.node(
            "QuantizeLinear",
            unique(x.name() + ".rounded"),
            DataType.UINT8,
            x.shape(),
            List.of(x, step, zeroPoint));
    return new Rounded(value, step, zeroPoint);
  }

  @Override
  public Value layerNorm(Value x, LayerNorm norm) {
    return node(
        "LayerNormalization",
        norm.name(),
        x.shape(),
        List.of(
            as(DataType.FLOAT, x),
            weight(norm.weight(), DataType.FLOAT, false),
            weight(norm.biasName(), DataType.FLOAT, false)),
        Attributes.of("axis", -1),
        Attributes.of("epsilon", (float) norm.epsilon()));
  }

  @Override
  public Value add(Value a, Value b) {
    DataType type = a.type() == b.type() ? a.type() : DataType.FLOAT;
    return node("Add", "sum", a.shape(), List.of(as(type, a), as(type, b)));
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
    Value scores =
        node("Div", name + ".scores", square, List.of(as(DataType.FLOAT, products), root));
    Value masked =
        node("Add", name + ".masked", square, List.of(scores, additiveMask(attentionMask)));
    Value shares =
        node("Softmax", name + ".shares", square, List.of(masked), Attributes.of("axis", -1));
    Value mixed =
        node(
            "MatMul",
            name + ".mixed",
            List.of(batch, heads, seq, width),
            List.of(as(v.type(), shares), v));
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
    Value kept = as(DataType.FLOAT, unsqueezed);
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

  @Override
  public Value ngrams(Value ids, Value attentionMask, Ngrams ngrams) {
    List<Value> sizes = new ArrayList<>();
    Value hash = ids;
    for (int n = 1; n <= ngrams.most(); n++) {
      Value next =
          node("Add", "ngrams.next", ids.shape(), List.of(later(ids, n, ngrams), number(1)));
      // There is no hash before the first token: what the salt comes to is a constant.
      Value sum =
          n == 1
              ? node("Add", "ngrams.sum", ids.shape(), List.of(next, number(started(ngrams))))
              : node(
                  "Add",
                  "ngrams.sum",
                  ids.shape(),
                  List.of(
                      node(
                          "Mul",
                          "ngrams.product",
                          ids.shape(),
                          List.of(hash, number(Ngrams.MULTIPLIER))),
                      next));
      hash = node("Mod", "ngrams.hash", ids.shape(), List.of(sum, number(Ngrams.MODULUS)));
      if (n >= ngrams.least()) {
        Value bucket =
            node("Mod", "ngrams.bucket", ids.shape(), List.of(hash, number(ngrams.buckets() - 1L)));
        Value numbered = node("Add", "ngrams.number", ids.shape(), List.of(bucket, number(1)));
        sizes.add(
            node(
                "Mul",
                "ngrams.whole",
                ids.shape(),
                List.of(numbered, later(attentionMask, n, ngrams))));
      }
    }
    return joined(sizes, "ngrams");
  }

  private Value joined(List<Value> parts, String name) {
    String unique = unique(name);
    return graph.node(
        "Concat",
        unique,
        DataType.INT64,
        List.of(parts.getFirst().axis(0), new Axis.Named(unique + "_length")),
        parts,
        Attributes.of("axis", 1));
  }

  /// What the salt comes to in the first sum.
  private static long started(Ngrams ngrams) {
    return ngrams.salt() * Ngrams.MULTIPLIER % Ngrams.MODULUS;
  }

  /// `[batch, seq]` moved `n - 1` places to the front, zeros after it.
  private Value later(Value x, int n, Ngrams ngrams) {
    if (n == 1) {
      return x;
    }
    int places = ngrams.most() - 1;
    Value zerosAfter =
        longer.computeIfAbsent(
            new Longer(x, places),
            _ ->
                node(
                    "Pad",
                    x.name() + ".longer",
                    List.of(x.axis(0), new Axis.Named("longer_%d".formatted(places))),
                    List.of(x, graph.constant("places." + places, 0, 0, 0, places))));
    long end = n == ngrams.most() ? Long.MAX_VALUE : n - 1L - places;
    return node(
        "Slice",
        x.name() + ".later",
        x.shape(),
        List.of(
            zerosAfter,
            graph.constant("index." + (n - 1), n - 1L),
            graph.constant("index." + end, end),
            graph.constant("index.1", 1)));
  }

  private Value number(long number) {
    return graph.scalar("number." + number, number);
  }

  @Override
  public Value openSyllables(Value ids, int firstSyllable) {
    List<Axis> shape = ids.shape();
    Value number = node("Sub", "syllable", shape, List.of(ids, number(firstSyllable)));
    Value rest = node("Mod", "syllable.final", shape, List.of(number, number(Syllable.FORMS)));
    Value open = node("Sub", "syllable.open", shape, List.of(ids, rest));
    Value least = condition("GreaterOrEqual", number, number(0));
    Value most = condition("Less", number, number(Syllable.COUNT));
    Value isSyllable = condition("And", least, most);
    return graph.node(
        "Where", unique("open_syllables"), DataType.INT64, shape, List.of(isSyllable, open, ids));
  }

  private Value condition(String operator, Value a, Value b) {
    return graph.node(
        operator, unique("condition." + operator), DataType.BOOL, a.shape(), List.of(a, b));
  }

  @Override
  public Value bag(List<Value> parts, Embedding table) {
    Value numbers = parts.size() == 1 ? parts.getFirst() : joined(parts, table.name() + ".all");
    List<Axis> rows = append(numbers.shape(), table.width());
    List<Axis> shape = List.of(numbers.axis(0), Axis.of(table.width()));
    Value sum =
        format instanceof NumberFormat.Int8
            ? roundedSum(numbers, table, rows, shape)
            : sum(
                as(
                    DataType.DOUBLE,
                    node("Gather", table.name(), rows, List.of(weight(table.weight()), numbers))),
                table,
                shape);
    return node("Div", table.name() + ".bag", shape, List.of(sum, rootOfCount(numbers)));
  }

  /// In a type whose sums do not depend on the order, which the padding of a batch would change:
  /// whole numbers, or numbers of twice the length.
  private Value sum(Value rows, Embedding table, List<Axis> shape) {
    return as(
        DataType.FLOAT,
        node(
            "ReduceSum",
            table.name() + ".sum",
            shape,
            List.of(rows, graph.constant("index.1", 1)),
            Attributes.of("keepdims", 0)));
  }

  /// All rows in one step, so that they add up as whole numbers.
  private Value roundedSum(Value numbers, Embedding table, List<Axis> rows, List<Axis> shape) {
    TensorContent.Integers content = TensorContent.Integers.inOneStep(weights.get(table.weight()));
    Value values = graph.weight(table.weight() + ".int8", () -> content);
    Value found = node("Gather", table.name() + ".int8", rows, List.of(values, numbers));
    Value step = graph.scalar(table.weight() + ".step", content.steps()[0]);
    return node(
        "Mul",
        table.name() + ".scaled",
        shape,
        List.of(sum(as(DataType.INT32, found), table, shape), step));
  }

  /// `[batch, 1]`: the root of how many numbers are not 0, at least 1.
  private Value rootOfCount(Value numbers) {
    List<Axis> column = List.of(numbers.axis(0), Axis.of(1));
    Value counted = as(DataType.FLOAT, condition("Greater", numbers, number(0)));
    Value count =
        node(
            "ReduceSum",
            "ngrams.count",
            column,
            List.of(counted, graph.constant("index.1", 1)),
            Attributes.of("keepdims", 1));
    Value atLeastOne =
        node("Max", "ngrams.divisor", column, List.of(count, graph.scalar("one", 1f)));
    return node("Sqrt", "ngrams.root", column, List.of(atLeastOne));
  }

  /// A table of the embeddings.
  private Value weight(String name) {
    return weight(
        name, format instanceof NumberFormat.Float16 ? DataType.FLOAT16 : DataType.FLOAT, false);
  }

  private Value weight(String name, DataType type, boolean transposed) {
    return graph.weight(
        transposed ? name + ".transposed" : name,
        () ->
            type == DataType.FLOAT16
                ? new TensorContent.Halves(weights.get(name), transposed)
                : new TensorContent.Floats(weights.get(name), transposed));
  }

  /// `x` in that type; itself where it is.
  private Value as(DataType type, Value x) {
    return x.type() == type
        ? x
        : casts.computeIfAbsent(
            new Cast(x, type),
            _ ->
                graph.node(
                    "Cast",
                    unique(x.name() + "." + type.name().toLowerCase(Locale.ROOT)),
                    type,
                    x.shape(),
                    List.of(x),
                    Attributes.of("to", type.getNumber())));
  }

  /// A node whose output has the type of its first input.

  private Value node(
      String operator,
      String name,
      List<Axis> shape,
      List<Value> inputs,
      AttributeProto... attributes) {
    return graph.node(operator, unique(name), inputs.getFirst().type(), shape, inputs, attributes);
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
