package dev.nunchi.export;

import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.model.LowRankUpdate;
import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Bias;
import dev.nunchi.nn.DistanceScores;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.Inputs;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Magnitude;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
import dev.nunchi.nn.Pooling;
import dev.nunchi.nn.RmsNorm;
import dev.nunchi.nn.Rotary;
import dev.nunchi.nn.Weights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// The interpreter that writes: each operation adds nodes to a graph, of the standard ONNX
/// operators but for whole numbers, where the standard has none that scales by column.
///
/// Their form is the one that ONNX Runtime knows and replaces by its fused operators: Q, K and V
/// each MatMul, Add, Reshape, Transpose; a mask that is added before Softmax; a Gelu after an Add.
final class OnnxOps implements Ops<Value> {
  private static final List<Axis> TOKENS = List.of(Axis.Named.BATCH, Axis.Named.SEQ);

  /// A table of fewer rows is not worth the operations that whole numbers take.
  private static final int LEAST_ROUNDED_ROWS = 16;

  /// `accuracy_level` of MatMulNBits: inputs are rounded to 8 bits, in the blocks of the weights.
  /// Of 4 bits that adds nothing to the error, of 8 bits a third, and it takes an eighth of the
  /// time.
  private static final long INPUTS_OF_8_BITS = 4;

  /// Of texts that are made two tokens long where they have one.
  private static final Axis PADDED_SEQ = new Axis.Named("padded_sequence_length");

  private final GraphWriter graph;
  private final GraphNodes nodes;
  private final OnnxNgrams numbers;
  private final OnnxAttention attention;
  private final Weights weights;
  private final NumberFormat format;
  private final Map<RoundedInput, Rounded> roundedInputs = new HashMap<>();
  private final Map<String, LinearInput> linearInputs = new LinkedHashMap<>();
  private final boolean computesAll;
  private final AdapterInputs adapters;

  /// An input of linear layers in whole numbers.
  private record Rounded(Value value, Value step, Value zeroPoint) {}

  private record RoundedInput(Value x, Rounding how) {}

  private record LinearInput(Linear layer, Value x) {}

  OnnxOps(GraphWriter graph, Weights weights, NumberFormat format) {
    this(graph, weights, format, false, OpenLayers.NONE);
  }

  /// @param computesAll whether every token is computed where one is asked for
  private OnnxOps(
      GraphWriter graph,
      Weights weights,
      NumberFormat format,
      boolean computesAll,
      OpenLayers open) {
    this.graph = graph;
    this.nodes = new GraphNodes(graph);
    this.numbers = new OnnxNgrams(graph, nodes);
    this.attention = new OnnxAttention(graph, nodes);
    this.weights = weights;
    this.format = format;
    this.computesAll = computesAll;
    this.adapters = new AdapterInputs(graph, nodes, open);
  }

  /// The whole classifier: int64 `input_ids`, `attention_mask` and, where the network reads them,
  /// `token_type_ids`, each `[batch_size, sequence_length]`, to `logits` `[batch_size, labels]`.
  static GraphWriter graph(Network network, Weights weights, NumberFormat format) {
    GraphWriter graph = new GraphWriter();
    new OnnxOps(graph, weights, format).write(network);
    return graph;
  }

  /// The same with layers that take an adapter as further inputs; see [AdapterInputs].
  static GraphWriter graph(Network network, Weights weights, NumberFormat format, OpenLayers open) {
    GraphWriter graph = new GraphWriter();
    new OnnxOps(graph, weights, format, false, open).write(network);
    return graph;
  }

  /// The classifier in fp32 with the inputs of its linear layers below the head as further outputs:
  /// those of every token, also where only one is read, so that few texts give many.
  static ObservedGraph observed(Network network, Weights weights) {
    GraphWriter graph = new GraphWriter();
    OnnxOps ops = new OnnxOps(graph, weights, new NumberFormat.Float32(), true, OpenLayers.NONE);
    ops.write(network);
    List<LinearUse> uses = new ArrayList<>();
    Map<Value, String> written = new HashMap<>();
    ops.linearInputs
        .values()
        .forEach(input ->
            uses.add(
                new LinearUse(
                    input.layer(),
                    written.computeIfAbsent(
                        input.x(),
                        _ -> {
                          String name = "observed." + written.size();
                          graph.output(name, input.x());
                          return name;
                        }))));
    return new ObservedGraph(graph, uses);
  }

  /// @param uses of the linear layers, in the order of the network
  record ObservedGraph(GraphWriter graph, List<LinearUse> uses) {}

  /// A linear layer where it is applied.
  ///
  /// @param output of the graph that has its input; layers with one input share it
  record LinearUse(Linear layer, String output) {}

  private void write(Network network) {
    Value ids = graph.input("input_ids", DataType.INT64, TOKENS);
    Value mask = graph.input("attention_mask", DataType.INT64, TOKENS);
    Value types =
        network.trunk().readsTokenTypes()
            ? graph.input("token_type_ids", DataType.INT64, TOKENS)
            : Value.NONE;
    Inputs<Value> inputs = inputs(ids, mask, types);
    graph.output("logits", nodes.as(DataType.FLOAT, network.logits(this, inputs)));
  }

  /// As they come or, where the product of a single row adds up in another order than that of
  /// several, with padding that makes two tokens of a text of one.
  private Inputs<Value> inputs(Value ids, Value mask, Value types) {
    if (!(format instanceof NumberFormat.WeightOnly)) {
      return new Inputs<>(ids, mask, types);
    }
    Value missing =
        nodes.node(
            "Max",
            "tokens.missing",
            List.of(Axis.of(1)),
            List.of(
                nodes.node(
                    "Sub",
                    "tokens.over",
                    List.of(Axis.of(1)),
                    List.of(graph.constant("twos", 2), attention.length(ids, "tokens.length"))),
                graph.constant("zeros", 0)));
    Value pads =
        nodes.node(
            "Concat",
            "tokens.pads",
            List.of(Axis.of(4)),
            List.of(graph.constant("three.zeros", 0, 0, 0), missing),
            Attributes.of("axis", 0));
    return new Inputs<>(
        padded(ids, pads), padded(mask, pads), types == Value.NONE ? types : padded(types, pads));
  }

  private Value padded(Value x, Value pads) {
    return nodes.node(
        "Pad", x.name() + ".padded", List.of(Axis.Named.BATCH, PADDED_SEQ), List.of(x, pads));
  }

  @Override
  public Value embedding(Value ids, Embedding table) {
    List<Axis> shape = append(ids.shape(), table.width());
    if (roundsTables() && table.rows() >= LEAST_ROUNDED_ROWS) {
      return roundedEmbedding(ids, table, shape);
    }
    return computed(
        nodes.node("Gather", table.name(), shape, List.of(weight(table.weight()), ids)));
  }

  /// In a type that is computed in.
  private Value computed(Value x) {
    return x.type() == DataType.BFLOAT16 ? nodes.as(DataType.FLOAT, x) : x;
  }

  private boolean roundsTables() {
    return format instanceof NumberFormat.Int8 || format instanceof NumberFormat.WeightOnly;
  }

  /// Rows of whole numbers, each times its own step.
  private Value roundedEmbedding(Value ids, Embedding table, List<Axis> shape) {
    WeightSource source = source(table.weight());
    Value values =
        graph.weight(table.weight() + ".int8", () -> new TensorContent.IntegerRows(source));
    Value steps = graph.weight(table.weight() + ".steps", () -> new TensorContent.RowSteps(source));
    Value found = nodes.node("Gather", table.name() + ".int8", shape, List.of(values, ids));
    Value step = nodes.node("Gather", table.name() + ".step", ids.shape(), List.of(steps, ids));
    Value column =
        nodes.node(
            "Unsqueeze",
            table.name() + ".column",
            append(ids.shape(), 1),
            List.of(step, graph.constant("twos", 2)));
    return nodes.node("Mul", table.name(), shape, List.of(nodes.as(DataType.FLOAT, found), column));
  }

  @Override
  public Value positions(Value ids, Embedding table) {
    return table.paddingIndex() < 0 ? firstRows(ids, table) : countedRows(ids, table);
  }

  private Value firstRows(Value ids, Embedding table) {
    String name = table.name();
    Value rows =
        nodes.node(
            "Slice",
            name + ".rows",
            List.of(ids.axis(1), Axis.of(table.width())),
            List.of(
                computed(weight(table.weight())),
                graph.constant("zeros", 0),
                attention.length(ids, name + ".length")));
    return nodes.node(
        "Unsqueeze",
        name,
        append(List.of(Axis.of(1), ids.axis(1)), table.width()),
        List.of(rows, graph.constant("zeros", 0)));
  }

  private Value countedRows(Value ids, Embedding table) {
    String name = table.name();
    Value padding = graph.scalar("id." + table.paddingIndex(), (long) table.paddingIndex());
    Value padded =
        nodes.node("Equal", name + ".padded", DataType.BOOL, ids.shape(), List.of(ids, padding));
    Value kept = nodes.node("Not", name + ".kept", ids.shape(), List.of(padded));
    Value ones = nodes.as(DataType.INT64, kept);
    Value counted =
        nodes.node(
            "CumSum", name + ".counted", ids.shape(), List.of(ones, graph.scalar("axis.1", 1L)));
    Value places = nodes.node("Mul", name + ".places", ids.shape(), List.of(counted, ones));
    return embedding(
        nodes.node("Add", name + ".ids", ids.shape(), List.of(places, padding)), table);
  }

  @Override
  public Value table(Embedding table) {
    return nodes.node(
        "Unsqueeze",
        table.name() + ".table",
        append(List.of(Axis.of(1), Axis.of(table.rows())), table.width()),
        List.of(computed(weight(table.weight())), graph.constant("zeros", 0)));
  }

  /// Where whole rows are computed on the CPU. A GPU has room for padding, and waits for the count
  /// of tokens; and an adapter is one text's.
  @Override
  public Value packed(Value x, Value attentionMask) {
    boolean onCpu = format instanceof NumberFormat.Float32 || format instanceof NumberFormat.Int8;
    if (!onCpu || computesAll || adapters.adaptAny()) {
      return x;
    }
    graph.packed();
    return attention.packing(attentionMask).packed(x);
  }

  @Override
  public Value linear(Value x, Linear layer) {
    if (adapters.give(layer)) {
      return adapters.linear(x, layer);
    }
    return adapters.adapt(layer) ? adapters.adapted(own(x, layer), x, layer) : own(x, layer);
  }

  /// By the weights of the network.
  private Value own(Value x, Linear layer) {
    // Rows of [batch, hidden] are the head's.
    boolean head = x.shape().size() == 2;
    if (!head) {
      linearInputs.put(layer.name(), new LinearInput(layer, x));
    }
    return switch (format) {
      case NumberFormat.Float32(), NumberFormat.BFloat16() -> linear(x, layer, DataType.FLOAT);
      case NumberFormat.WeightOnly(BlockRounding rounding) ->
          head ? linear(x, layer, DataType.FLOAT) : linear(x, layer, rounding);
      case NumberFormat.Float16() -> linear(x, layer, head ? DataType.FLOAT : DataType.FLOAT16);
      case NumberFormat.Int8(Map<String, RoundedLayer> layers) -> {
        @Nullable RoundedLayer rounded = head ? null : layers.get(layer.name());
        yield rounded == null ? linear(x, layer, DataType.FLOAT) : roundedLinear(x, layer, rounded);
      }
    };
  }

  private Value linear(Value input, Linear layer, DataType type) {
    Value x = nodes.as(type, input);
    List<Axis> shape = append(x.shape().subList(0, x.shape().size() - 1), layer.out());
    Value weight =
        format instanceof NumberFormat.BFloat16
            ? nodes.as(type, weight(layer.weight(), DataType.BFLOAT16, true))
            : weight(layer.weight(), type, true);
    if (!layer.bias()) {
      return nodes.node("MatMul", layer.name(), shape, List.of(x, weight));
    }
    Value product = nodes.node("MatMul", layer.name() + ".product", shape, List.of(x, weight));
    return nodes.node(
        "Add", layer.name(), shape, List.of(product, weight(layer.biasName(), type, false)));
  }

  /// A product with weights in whole numbers. It adds up a single row in another order than
  /// several, so that one token of each text is there twice, as in [OnnxAttention#ofToken].
  private Value linear(Value input, Linear layer, BlockRounding rounding) {
    boolean one = input.axis(1).equals(Axis.of(1));
    Value x = nodes.as(DataType.FLOAT, one ? attention.twice(input) : input);
    String name = layer.weight() + "." + rounding.bits() + "bit";
    WeightSource source = source(layer.weight());
    List<Axis> shape = append(x.shape().subList(0, x.shape().size() - 1), layer.out());
    List<Value> inputs =
        new ArrayList<>(
            List.of(
                x,
                graph.weight(name, () -> new TensorContent.IntegerBlocks(source, rounding)),
                graph.weight(
                    name + ".steps", () -> new TensorContent.BlockSteps(source, rounding))));
    if (rounding.hasZeros()) {
      inputs.add(
          graph.weight(name + ".zeros", () -> new TensorContent.BlockZeros(source, rounding)));
    }
    Value product =
        graph.runtimeNode(
            "MatMulNBits",
            nodes.unique(layer.bias() ? layer.name() + ".product" : layer.name()),
            DataType.FLOAT,
            shape,
            inputs,
            Attributes.of("K", (long) layer.in()),
            Attributes.of("N", (long) layer.out()),
            Attributes.of("bits", (long) rounding.bits()),
            Attributes.of("block_size", (long) rounding.blockSize()),
            Attributes.of("accuracy_level", INPUTS_OF_8_BITS));
    Value result =
        layer.bias()
            ? nodes.node(
                "Add",
                layer.name(),
                shape,
                List.of(product, weight(layer.biasName(), DataType.FLOAT, false)))
            : product;
    return one ? attention.firstToken(result) : result;
  }

  @Override
  public Value magnitude(Value x, Magnitude magnitude) {
    LowRankUpdate update =
        new LowRankUpdate(
            weights.get(magnitude.down().weight()),
            weights.get(magnitude.up().weight()),
            weights.get(magnitude.name()),
            magnitude.scale());
    float[] factors = update.factors(weights.get(magnitude.layer().weight()));
    return nodes.node(
        "Mul",
        magnitude.name() + ".scaled",
        x.shape(),
        List.of(nodes.as(DataType.FLOAT, x), graph.constant(magnitude.name(), factors)));
  }

  @Override
  public Value bias(Value x, Bias bias) {
    return nodes.node(
        "Add",
        bias.name() + ".added",
        x.shape(),
        List.of(nodes.as(DataType.FLOAT, x), weight(bias.name(), DataType.FLOAT, false)));
  }

  /// Whole numbers times whole numbers, summed exactly, then scaled.
  private Value roundedLinear(Value x, Linear layer, RoundedLayer how) {
    List<Axis> shape = append(x.shape().subList(0, x.shape().size() - 1), layer.out());
    Rounded input =
        roundedInputs.computeIfAbsent(
            new RoundedInput(x, how.input()), _ -> rounded(x, how.input()));
    TensorContent matrix = new TensorContent.IntegerMatrix(layer.out(), layer.in(), how.numbers());
    List<Value> inputs =
        new ArrayList<>(
            List.of(
                input.value(),
                graph.weight(layer.weight() + ".int8", () -> matrix),
                input.step(),
                graph.constant(layer.weight() + ".steps", how.steps()),
                input.zeroPoint()));
    if (layer.bias()) {
      inputs.add(Value.NONE);
      inputs.add(weight(layer.biasName(), DataType.FLOAT, false));
    }
    return graph.runtimeNode(
        "MatMulIntegerToFloat", nodes.unique(layer.name()), DataType.FLOAT, shape, inputs);
  }

  private Rounded rounded(Value x, Rounding how) {
    String name = nodes.unique(x.name() + ".rounded");
    Value divided = how.divides() ? divided(x, how.divisors(), name) : x;
    Value step = graph.scalar(name + ".step", how.range().step());
    Value zeroPoint = graph.unsignedByte(name + ".zero", how.range().zeroPoint());
    Value value =
        graph.node(
            "QuantizeLinear", name, DataType.UINT8, x.shape(), List.of(divided, step, zeroPoint));
    return new Rounded(value, step, zeroPoint);
  }

  private Value divided(Value x, float[] divisors, String name) {
    float[] factors = new float[divisors.length];
    for (int channel = 0; channel < factors.length; channel++) {
      factors[channel] = 1 / divisors[channel];
    }
    return nodes.node(
        "Mul",
        name + ".divided",
        x.shape(),
        List.of(x, graph.constant(name + ".factors", factors)));
  }

  @Override
  public Value layerNorm(Value x, LayerNorm norm) {
    List<Value> inputs = new ArrayList<>();
    inputs.add(nodes.as(DataType.FLOAT, x));
    inputs.add(weight(norm.weight(), DataType.FLOAT, false));
    if (norm.bias()) {
      inputs.add(weight(norm.biasName(), DataType.FLOAT, false));
    }
    return nodes.node(
        "LayerNormalization",
        norm.name(),
        x.shape(),
        inputs,
        Attributes.of("axis", -1),
        Attributes.of("epsilon", (float) norm.epsilon()));
  }

  @Override
  public Value rmsNorm(Value input, RmsNorm norm) {
    Value x = nodes.as(DataType.FLOAT, input);
    String name = norm.name();
    long width = ((Axis.Sized) x.shape().getLast()).size();
    Value groups = attention.split(x, width / norm.width(), norm.width());
    List<Axis> column = append(groups.shape().subList(0, 3), 1);
    Value square = nodes.node("Mul", name + ".square", groups.shape(), List.of(groups, groups));
    Value mean =
        nodes.node(
            "ReduceMean",
            name + ".mean",
            column,
            List.of(square, graph.constant("last", -1)),
            Attributes.of("keepdims", 1));
    Value bounded =
        nodes.node(
            "Add",
            name + ".bounded",
            column,
            List.of(mean, graph.scalar("epsilon." + norm.epsilon(), (float) norm.epsilon())));
    Value root = nodes.node("Sqrt", name + ".root", column, List.of(bounded));
    Value unit = nodes.node("Div", name + ".unit", groups.shape(), List.of(groups, root));
    Value gamma = weight(norm.weight(), DataType.FLOAT, false);
    if (norm.offset() != 0) {
      gamma =
          nodes.node(
              "Add",
              name + ".gamma",
              gamma.shape(),
              List.of(gamma, graph.scalar("offset." + norm.offset(), (float) norm.offset())));
    }
    Value scaled = nodes.node("Mul", name + ".scaled", groups.shape(), List.of(unit, gamma));
    return attention.joined(scaled, width, name);
  }

  /// Never in 16 bits: what layers add up outgrows them in decoders.
  @Override
  public Value add(Value a, Value b) {
    DataType type =
        a.type() == b.type() && a.type() != DataType.FLOAT16 ? a.type() : DataType.FLOAT;
    return nodes.node("Add", "sum", a.shape(), List.of(nodes.as(type, a), nodes.as(type, b)));
  }

  @Override
  public Value multiply(Value a, Value b) {
    DataType type = a.type() == b.type() ? a.type() : DataType.FLOAT;
    return nodes.node("Mul", "product", a.shape(), List.of(nodes.as(type, a), nodes.as(type, b)));
  }

  @Override
  public Value scale(Value x, double factor) {
    return nodes.node(
        "Mul",
        "scaled",
        x.shape(),
        List.of(nodes.as(DataType.FLOAT, x), graph.scalar("factor." + factor, (float) factor)));
  }

  @Override
  public Value masked(Value x, Value attentionMask) {
    Value kept =
        nodes.node(
            "Unsqueeze",
            x.name() + ".kept",
            append(attentionMask.shape(), 1),
            List.of(attentionMask, graph.constant("twos", 2)));
    return nodes.node("Mul", x.name() + ".masked", x.shape(), List.of(x, nodes.as(x.type(), kept)));
  }

  @Override
  public Value unfold(Value given, Value attentionMask, int places) {
    Value x = masked(given, attentionMask);
    if (places == 1) {
      return x;
    }
    String name = nodes.unique("unfolded");
    long around = places / 2;
    Value longer =
        nodes.node(
            "Pad",
            name + ".longer",
            List.of(x.axis(0), new Axis.Named("around_" + around), x.axis(2)),
            List.of(x, graph.constant("around." + around, 0, around, 0, 0, around, 0)));
    List<Value> moved = new ArrayList<>();
    for (long place = 0; place < places; place++) {
      long end = place == places - 1 ? Long.MAX_VALUE : place + 1 - places;
      moved.add(
          nodes.node(
              "Slice",
              name + ".place",
              x.shape(),
              List.of(
                  longer,
                  graph.constant("index." + place, place),
                  graph.constant("index." + end, end),
                  graph.constant("index.1", 1))));
    }
    long width = ((Axis.Sized) x.shape().getLast()).size();
    return graph.node(
        "Concat",
        name,
        x.type(),
        append(x.shape().subList(0, 2), places * width),
        moved,
        Attributes.of("axis", 2));
  }

  @Override
  public Value part(Value x, int part, int parts) {
    long width = ((Axis.Sized) x.shape().getLast()).size() / parts;
    return attention.slice(x, part * width, (part + 1) * width, x.name() + ".part");
  }

  @Override
  public Value activation(Value x, Activation function) {
    return switch (function) {
      case GELU -> activation("Gelu", x, Attributes.of("approximate", "none"));
      case GELU_TANH -> activation("Gelu", x, Attributes.of("approximate", "tanh"));
      case RELU -> activation("Relu", x);
      case SILU -> multiply(x, activation("Sigmoid", x));
      case TANH -> activation("Tanh", x);
    };
  }

  private Value activation(String operator, Value x, AttributeProto... attributes) {
    return nodes.node(operator, x.name() + "." + operator, x.shape(), List.of(x), attributes);
  }

  @Override
  public Value dropout(Value x, double probability) {
    return x;
  }

  @Override
  public Value rotary(Value x, Rotary rotary) {
    return attention.rotary(x, rotary);
  }

  @Override
  public Value attention(
      Value query,
      Value key,
      Value value,
      @Nullable Value scores,
      Value attentionMask,
      Attention kind) {
    return attention.attention(query, key, value, scores, attentionMask, kind);
  }

  @Override
  public Value token(Value x, Value attentionMask, Pooling which) {
    if (computesAll) {
      return x;
    }
    if (which == Pooling.FIRST) {
      return OnnxPacking.isPacked(x)
          ? attention.packing(attentionMask).first(x)
          : attention.firstToken(x);
    }
    return nodes.node(
        "Unsqueeze",
        "token",
        List.of(attentionMask.axis(0), Axis.of(1), x.axis(2)),
        List.of(pool(x, attentionMask, which), graph.constant("ones", 1)));
  }

  @Override
  public Value attentionOfToken(
      Value query, Value key, Value value, Value attentionMask, Attention kind, Pooling which) {
    return computesAll
        ? attention.attention(query, key, value, null, attentionMask, kind)
        : attention.ofToken(query, key, value, attentionMask, kind, which);
  }

  /// The whole table is projected, which depends on no text: ONNX Runtime computes it once, when it
  /// loads the graph. For that it is in operators that it folds, from rounded weights too, which
  /// are multiplied out. The distances of an adapted layer, whose product is the caller's.
  @Override
  public Value distanceScores(
      Value x, Value table, DistanceScores scores, BiFunction<Value, Linear, Value> projection) {
    Value projected = projection.apply(table, scores.projection());
    return attention.distanceScores(x, nodes.as(DataType.FLOAT, projected), scores);
  }

  @Override
  public Value distanceScores(Value x, Value table, DistanceScores scores) {
    Linear layer = scores.projection();
    if (adapters.adapt(layer)) {
      return distanceScores(x, table, scores, this::linear);
    }
    String name = layer.name() + ".distances.projected";
    List<Axis> shape = append(table.shape().subList(0, 2), layer.out());
    Value projected =
        nodes.node(
            "MatMul", name, shape, List.of(nodes.as(DataType.FLOAT, table), exactMatrix(layer)));
    if (layer.bias()) {
      Value bias = weight(layer.biasName(), storedType(), false);
      projected =
          nodes.node(
              "Add", name + ".sum", shape, List.of(projected, nodes.as(DataType.FLOAT, bias)));
    }
    return attention.distanceScores(x, projected, scores);
  }

  /// The weights of a layer as they are stored, in fp32.
  private Value exactMatrix(Linear layer) {
    if (!roundsTables()) {
      return nodes.as(DataType.FLOAT, weight(layer.weight(), storedType(), true));
    }
    WeightSource source = source(layer.weight());
    Value values =
        graph.weight(layer.weight() + ".rows.int8", () -> new TensorContent.IntegerRows(source));
    Value columns =
        nodes.node(
            "Transpose",
            layer.weight() + ".columns",
            values.shape().reversed(),
            List.of(nodes.as(DataType.FLOAT, values)),
            Attributes.list("perm", 1L, 0L));
    return nodes.node(
        "Mul",
        layer.weight() + ".exact",
        columns.shape(),
        List.of(
            columns,
            graph.weight(
                layer.weight() + ".rows.steps", () -> new TensorContent.RowSteps(source))));
  }

  @Override
  public Value pool(Value given, Value attentionMask, Pooling pooling) {
    Value x = OnnxPacking.isPacked(given) ? attention.packing(attentionMask).padded(given) : given;
    List<Axis> shape = List.of(x.axis(0), x.axis(2));
    return switch (pooling) {
      case FIRST -> first(x, shape);
      case LAST -> x.axis(1).equals(Axis.of(1)) ? first(x, shape) : last(x, attentionMask, shape);
      case MEAN -> mean(x, attentionMask, shape);
    };
  }

  private Value first(Value x, List<Axis> shape) {
    return nodes.node(
        "Gather",
        "selected",
        shape,
        List.of(x, graph.scalar("position.0", 0L)),
        Attributes.of("axis", 1));
  }

  private Value last(Value x, Value attentionMask, List<Axis> shape) {
    Value places =
        nodes.node(
            "Mul",
            "pool.places",
            attentionMask.shape(),
            List.of(attentionMask, attention.places(attentionMask)));
    Value last =
        nodes.node(
            "ArgMax",
            "pool.last",
            DataType.INT64,
            List.of(x.axis(0), Axis.of(1)),
            List.of(places),
            Attributes.of("axis", 1),
            Attributes.of("keepdims", 1));
    return nodes.node(
        "GatherND", "pooled", shape, List.of(x, last), Attributes.of("batch_dims", 1));
  }

  /// In numbers of twice the length, as [#sum].
  private Value mean(Value x, Value attentionMask, List<Axis> shape) {
    Value kept =
        nodes.as(
            DataType.DOUBLE,
            nodes.node(
                "Unsqueeze",
                "pool.kept",
                append(attentionMask.shape(), 1),
                List.of(attentionMask, graph.constant("twos", 2))));
    Value masked =
        nodes.node("Mul", "pool.masked", x.shape(), List.of(nodes.as(DataType.DOUBLE, x), kept));
    Value total = reduced("pool.sum", masked, shape);
    Value count = reduced("pool.count", kept, List.of(x.axis(0), Axis.of(1)));
    Value atLeastOne =
        nodes.node(
            "Max",
            "pool.divisor",
            count.shape(),
            List.of(count, nodes.as(DataType.DOUBLE, graph.scalar("one", 1f))));
    return nodes.as(DataType.FLOAT, nodes.node("Div", "pooled", shape, List.of(total, atLeastOne)));
  }

  /// Summed over the second axis.
  private Value reduced(String name, Value x, List<Axis> shape) {
    return nodes.node(
        "ReduceSum",
        name,
        shape,
        List.of(x, graph.constant("index.1", 1)),
        Attributes.of("keepdims", 0));
  }

  @Override
  public Value ngrams(Value ids, Value attentionMask, Ngrams ngrams) {
    return numbers.ngrams(ids, attentionMask, ngrams);
  }

  @Override
  public Value openSyllables(Value ids, int firstSyllable) {
    return numbers.openSyllables(ids, firstSyllable);
  }

  @Override
  public Value joined(List<Value> parts) {
    return parts.size() == 1 ? parts.getFirst() : numbers.joined(parts, "numbers");
  }

  @Override
  public Value bag(Value all, Embedding table) {
    List<Axis> rows = append(all.shape(), table.width());
    List<Axis> shape = List.of(all.axis(0), Axis.of(table.width()));
    Value sum =
        roundsTables()
            ? roundedSum(all, table, rows, shape)
            : sum(
                nodes.as(
                    DataType.DOUBLE,
                    nodes.node("Gather", table.name(), rows, List.of(weight(table.weight()), all))),
                table,
                shape);
    return nodes.node("Div", table.name() + ".bag", shape, List.of(sum, numbers.rootOfCount(all)));
  }

  /// In a type whose sums do not depend on the order, which the padding of a batch would change:
  /// whole numbers, or numbers of twice the length.
  private Value sum(Value rows, Embedding table, List<Axis> shape) {
    return nodes.as(DataType.FLOAT, reduced(table.name() + ".sum", rows, shape));
  }

  /// Rows of whole numbers, added up before the steps come in.
  private Value roundedSum(Value numbers, Embedding table, List<Axis> rows, List<Axis> shape) {
    WeightSource source = source(table.weight());
    Value values =
        graph.weight(table.weight() + ".int8", () -> new TensorContent.IntegerColumns(source));
    Value found = nodes.node("Gather", table.name() + ".int8", rows, List.of(values, numbers));
    Value steps =
        graph.weight(table.weight() + ".steps", () -> new TensorContent.ColumnSteps(source));
    return nodes.node(
        "Mul",
        table.name() + ".scaled",
        shape,
        List.of(sum(nodes.as(DataType.INT32, found), table, shape), steps));
  }

  /// A table of the embeddings.
  private Value weight(String name) {
    return weight(name, storedType(), false);
  }

  /// Of weights that are not in whole numbers.
  private DataType storedType() {
    return switch (format) {
      case NumberFormat.Float16() -> DataType.FLOAT16;
      case NumberFormat.BFloat16() -> DataType.BFLOAT16;
      case NumberFormat.Float32(), NumberFormat.WeightOnly _, NumberFormat.Int8 _ -> DataType.FLOAT;
    };
  }

  private Value weight(String name, DataType type, boolean transposed) {
    return graph.weight(
        transposed ? name + ".transposed" : name,
        () -> new TensorContent.Floats(source(name), type, transposed));
  }

  private WeightSource source(String name) {
    return new WeightSource(weights, name);
  }

  private static List<Axis> append(List<Axis> axes, long last) {
    List<Axis> all = new ArrayList<>(axes);
    all.add(Axis.of(last));
    return List.copyOf(all);
  }
}
