package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.DistanceScores;
import dev.nunchi.nn.Pooling;
import dev.nunchi.nn.RelativePositions;
import dev.nunchi.nn.Rotary;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The attention of [OnnxOps], with what all layers of a graph share: masks, and the angles of
/// rotary positions.
///
/// Its plain form is the one that ONNX Runtime knows and replaces by its fused operator: Q, K and V
/// each Reshape and Transpose, and a mask that is added before Softmax.
final class OnnxAttention {
  /// Added to the scores of keys that are not seen, as transformers does it. Finite, so that a row
  /// of padding alone gives no NaN.
  private static final float MASKED = -Float.MAX_VALUE;

  /// The same where padding has copies of the text's own keys, see [OnnxPacking]. A copy scores no
  /// more than the largest score of its row, so that its share is at most e^-50, which no sum in
  /// float notices. Nor does Softmax come to subnormal numbers by it, with which processors take
  /// many times as long: ONNX Runtime's goes down to e^-104 before it divides by the sum.
  private static final float MASKED_COPY = -50;

  private static final Axis TWICE_SEQ = new Axis.Named("twice_sequence_length");

  private final GraphWriter graph;
  private final GraphNodes nodes;
  private final Map<Window, Value> masks = new HashMap<>();
  private final Map<Value, Value> places = new HashMap<>();
  private final Map<Rotary, Value> angles = new HashMap<>();

  private final Map<Distances, Value> rows = new HashMap<>();
  private final Map<Value, OnnxPacking> packings = new HashMap<>();

  private record Distances(RelativePositions positions, boolean ofKeys) {}

  private record Window(Value mask, boolean copies, boolean causal, int reach) {}

  OnnxAttention(GraphWriter graph, GraphNodes nodes) {
    this.graph = graph;
    this.nodes = nodes;
  }

  /// How the tokens of the texts with that mask lie in one row.
  OnnxPacking packing(Value attentionMask) {
    return packings.computeIfAbsent(attentionMask, mask -> new OnnxPacking(graph, nodes, mask));
  }

  Value attention(
      Value query,
      Value key,
      Value value,
      @Nullable Value terms,
      Value attentionMask,
      Attention attention) {
    Value mask = mask(attentionMask, key, attention.causal(), attention.reach());
    return masked(query, key, value, terms, attentionMask, mask, attention);
  }

  /// Attention of one token of each text, whose query is there twice: the product of a single row
  /// adds up in another order where a batch has longer texts.
  ///
  /// @param query `[batch, 1, heads · head_dim]`
  /// @param which see [dev.nunchi.nn.Ops#attentionOfToken]
  Value ofToken(
      Value query,
      Value key,
      Value value,
      Value attentionMask,
      Attention attention,
      Pooling which) {
    Value mask =
        which == Pooling.FIRST
            ? firstRow(mask(attentionMask, key, attention.causal(), attention.reach()))
            : mask(attentionMask, key, false, Attention.EVERYWHERE);
    return firstToken(masked(twice(query), key, value, null, attentionMask, mask, attention));
  }

  /// `[batch, 1, width]` to `[batch, 2, width]`, the same again.
  Value twice(Value x) {
    return nodes.node(
        "Concat",
        x.name() + ".twice",
        List.of(x.axis(0), Axis.of(2), x.axis(2)),
        List.of(x, x),
        Attributes.of("axis", 1));
  }

  /// `[batch, seq, width]` to `[batch, 1, width]`.
  Value firstToken(Value x) {
    return nodes.node(
        "Gather",
        x.name() + ".first",
        List.of(x.axis(0), Axis.of(1), x.axis(2)),
        List.of(x, graph.constant("zeros", 0)),
        Attributes.of("axis", 1));
  }

  /// The first query's, of a mask that has a row for all or for each.
  private Value firstRow(Value mask) {
    Axis one = Axis.of(1);
    return mask.axis(2).equals(one)
        ? mask
        : nodes.node(
            "Slice",
            mask.name() + ".first",
            List.of(mask.axis(0), one, one, mask.axis(3)),
            List.of(
                mask,
                graph.constant("zeros", 0),
                graph.constant("ones", 1),
                graph.constant("twos", 2)));
  }

  /// @param mask what is added to the scores
  private Value masked(
      Value query,
      Value key,
      Value value,
      @Nullable Value terms,
      Value attentionMask,
      Value mask,
      Attention attention) {
    int keyHeads = attention.keyHeads();
    int shared = attention.heads() / keyHeads;
    Value q = apart(nodes.as(key.type(), query), attention.heads(), attentionMask);
    Value k = repeated(columns(key, keyHeads, attentionMask), shared);
    Value v = repeated(apart(value, keyHeads, attentionMask), shared);
    List<Axis> square = List.of(q.axis(0), q.axis(1), q.axis(2), k.axis(3));
    String name = query.name() + ".attention";
    Value products = nodes.node("MatMul", name + ".products", square, List.of(q, k));
    Value scores =
        nodes.node(
            "Div",
            name + ".scores",
            square,
            List.of(
                nodes.as(DataType.FLOAT, products),
                graph.scalar("scale." + attention.scale(), (float) (1 / attention.scale()))));
    if (terms != null) {
      scores = nodes.node("Add", name + ".sum", square, List.of(scores, terms));
    }
    if (attention.softCap() > 0) {
      scores = capped(scores, attention.softCap());
    }
    Value masked = nodes.node("Add", name + ".masked", square, List.of(scores, mask));
    Value shares =
        nodes.node("Softmax", name + ".shares", square, List.of(masked), Attributes.of("axis", -1));
    Value mixed =
        nodes.node("MatMul", name + ".mixed", q.shape(), List.of(nodes.as(v.type(), shares), v));
    if (OnnxPacking.isPacked(query)) {
      return packing(attentionMask).gathered(mixed, name);
    }
    Value apart =
        nodes.node(
            "Transpose",
            name + ".transposed",
            List.of(mixed.axis(0), mixed.axis(2), mixed.axis(1), mixed.axis(3)),
            List.of(mixed),
            Attributes.list("perm", 0L, 2L, 1L, 3L));
    return joined(apart, (long) attention.heads() * attention.headDim(), name);
  }

  /// `[batch, seq, heads · head_dim]`, or the same packed, to `[batch, heads, seq, head_dim]`.
  private Value apart(Value x, int heads, Value attentionMask) {
    return OnnxPacking.isPacked(x)
        ? packing(attentionMask).spread(x, heads)
        : heads(x, heads, headWidth(x, heads), 0L, 2L, 1L, 3L);
  }

  /// The same to `[batch, heads, head_dim, seq]`.
  private Value columns(Value x, int heads, Value attentionMask) {
    if (!OnnxPacking.isPacked(x)) {
      return heads(x, heads, headWidth(x, heads), 0L, 2L, 3L, 1L);
    }
    Value rows = apart(x, heads, attentionMask);
    return nodes.node(
        "Transpose",
        x.name() + ".columns",
        List.of(rows.axis(0), rows.axis(1), rows.axis(3), rows.axis(2)),
        List.of(rows),
        Attributes.list("perm", 0L, 1L, 3L, 2L));
  }

  private static Axis headWidth(Value x, int heads) {
    return Axis.of(((Axis.Sized) x.axis(2)).size() / heads);
  }

  private Value capped(Value scores, double cap) {
    Value size = graph.scalar("cap." + cap, (float) cap);
    Value share =
        nodes.node("Div", scores.name() + ".share", scores.shape(), List.of(scores, size));
    Value bent = nodes.node("Tanh", scores.name() + ".bent", scores.shape(), List.of(share));
    return nodes.node("Mul", scores.name() + ".capped", scores.shape(), List.of(bent, size));
  }

  /// Splits the last axis into heads and permutes the axes of `[batch, seq, heads, head_dim]`.
  private Value heads(Value x, int heads, Axis width, Long... permutation) {
    Value apart = split(x, heads, ((Axis.Sized) width).size());
    List<Axis> shape = new ArrayList<>();
    for (long axis : permutation) {
      shape.add(apart.axis((int) axis));
    }
    return nodes.node(
        "Transpose",
        x.name() + ".heads",
        List.copyOf(shape),
        List.of(apart),
        Attributes.list("perm", permutation));
  }

  /// `[batch, seq, heads · width]` to `[batch, seq, heads, width]`. A 0 in a shape keeps the axis
  /// as it is.
  Value split(Value x, long heads, long width) {
    return nodes.node(
        "Reshape",
        x.name() + ".split",
        List.of(x.axis(0), x.axis(1), Axis.of(heads), Axis.of(width)),
        List.of(x, graph.constant("split.%d.%d".formatted(heads, width), 0, 0, heads, width)));
  }

  /// `[batch, seq, heads, width]` to `[batch, seq, hidden]`.
  Value joined(Value apart, long hidden, String name) {
    return nodes.node(
        "Reshape",
        name,
        List.of(apart.axis(0), apart.axis(1), Axis.of(hidden)),
        List.of(apart, graph.constant("joined." + hidden, 0, 0, hidden)));
  }

  /// Each of the heads on the second axis several times in a row.
  private Value repeated(Value x, int times) {
    if (times == 1) {
      return x;
    }
    int heads = (int) ((Axis.Sized) x.axis(1)).size();
    long[] numbers = new long[heads * times];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i / times;
    }
    return nodes.node(
        "Gather",
        x.name() + ".repeated",
        List.of(x.axis(0), Axis.of(numbers.length), x.axis(2), x.axis(3)),
        List.of(x, graph.constant("repeated.%d.%d".formatted(heads, times), numbers)),
        Attributes.of("axis", 1));
  }

  /// The products with the rows of the text's distances, read along the diagonals.
  ///
  /// @param projected the whole table, projected, `[1, rows, heads · head_dim]`
  Value distanceScores(Value x, Value projected, DistanceScores scores) {
    Axis heads = Axis.of(scores.heads());
    Axis width = headWidth(x, scores.heads());
    String name = scores.projection().name() + ".distances";
    Value scaled =
        nodes.node(
            "Mul",
            name + ".scaled",
            projected.shape(),
            List.of(
                nodes.as(DataType.FLOAT, projected),
                graph.scalar("factor." + scores.scale(), (float) scores.scale())));
    Value apart = heads(nodes.as(x.type(), scaled), scores.heads(), width, 0L, 2L, 1L, 3L);
    Value found =
        nodes.node(
            "Gather",
            name + ".rows",
            List.of(apart.axis(0), heads, TWICE_SEQ, width),
            List.of(apart, rows(x, scores)),
            Attributes.of("axis", 2));
    Value columns =
        nodes.node(
            "Transpose",
            name + ".columns",
            List.of(apart.axis(0), heads, width, TWICE_SEQ),
            List.of(found),
            Attributes.list("perm", 0L, 1L, 3L, 2L));
    Value vectors = heads(x, scores.heads(), width, 0L, 2L, 1L, 3L);
    Value products =
        nodes.node(
            "MatMul",
            name + ".products",
            List.of(x.axis(0), heads, x.axis(1), TWICE_SEQ),
            List.of(vectors, columns));
    Value pairs = diagonals(x, products, name);
    return nodes.as(
        DataType.FLOAT,
        scores.ofKeys()
            ? nodes.node(
                "Transpose",
                name + ".transposed",
                pairs.shape(),
                List.of(pairs),
                Attributes.list("perm", 0L, 1L, 3L, 2L))
            : pairs);
  }

  /// `[batch, heads, seq, 2 · seq]` to `[batch, heads, seq, seq]`: line `i` from `seq - 1 - i` on.
  private Value diagonals(Value x, Value products, String name) {
    List<Axis> texts = List.of(products.axis(0), products.axis(1));
    Value length = length(x, "distances.length");
    Value flat =
        nodes.node(
            "Reshape",
            name + ".flat",
            List.of(texts.get(0), texts.get(1), new Axis.Named("products")),
            List.of(products, graph.constant("shape.flat", 0, 0, -1)));
    Value from =
        nodes.node(
            "Slice",
            name + ".from",
            List.of(texts.get(0), texts.get(1), new Axis.Named("products_from_the_first")),
            List.of(
                flat,
                nodes.node(
                    "Sub",
                    "distances.first",
                    length.shape(),
                    List.of(length, graph.constant("ones", 1))),
                graph.constant("last", -1),
                graph.constant("twos", 2)));
    Value shape =
        nodes.node(
            "Concat",
            "distances.shape",
            List.of(Axis.of(4)),
            List.of(graph.constant("shape.texts", 0, 0), length, graph.constant("last", -1)),
            Attributes.of("axis", 0));
    Value lines =
        nodes.node(
            "Reshape",
            name + ".lines",
            List.of(texts.get(0), texts.get(1), x.axis(1), new Axis.Named("distances")),
            List.of(from, shape));
    return nodes.node(
        "Slice",
        name,
        List.of(texts.get(0), texts.get(1), x.axis(1), x.axis(1)),
        List.of(lines, graph.constant("zeros", 0), length, graph.constant("index.3", 3)));
  }

  /// The rows of the table that the distances of the texts have: the middle of those of the longest
  /// text.
  private Value rows(Value x, DistanceScores scores) {
    return rows.computeIfAbsent(
        new Distances(scores.positions(), scores.ofKeys()),
        _ -> {
          int longest = scores.positions().longest();
          Value middle = graph.constant("distances.middle." + longest, longest);
          Value length = length(x, "distances.length");
          Value all =
              graph.constant(
                  "distances.%s.%s".formatted(scores.positions(), scores.ofKeys()),
                  scores.rows(longest));
          List<Axis> one = List.of(Axis.of(1));
          return nodes.node(
              "Slice",
              "distances.rows",
              List.of(TWICE_SEQ),
              List.of(
                  all,
                  nodes.node("Sub", "distances.start", one, List.of(middle, length)),
                  nodes.node("Add", "distances.end", one, List.of(middle, length))));
        });
  }

  Value rotary(Value x, Rotary rotary) {
    long width = rotary.headDim();
    long heads = ((Axis.Sized) x.axis(2)).size() / width;
    Value apart = split(nodes.as(DataType.FLOAT, x), heads, width);
    Value angle = angles.computeIfAbsent(rotary, _ -> angles(x, rotary));
    Value cosine = nodes.node("Cos", angle.name() + ".cos", angle.shape(), List.of(angle));
    Value sine = nodes.node("Sin", angle.name() + ".sin", angle.shape(), List.of(angle));
    Value a = slice(apart, 0, width / 2, x.name() + ".a");
    Value b = slice(apart, width / 2, width, x.name() + ".b");
    Value first = combined("Sub", product(a, cosine), product(b, sine));
    Value second = combined("Add", product(b, cosine), product(a, sine));
    Value turned =
        nodes.node(
            "Concat",
            x.name() + ".turned",
            apart.shape(),
            List.of(first, second),
            Attributes.of("axis", -1));
    return joined(turned, heads * width, x.name() + ".rotary");
  }

  private Value product(Value a, Value b) {
    return nodes.node("Mul", a.name() + ".product", a.shape(), List.of(a, b));
  }

  private Value combined(String operator, Value a, Value b) {
    return nodes.node(operator, a.name() + "." + operator, a.shape(), List.of(a, b));
  }

  /// `[seq, 1, head_dim / 2]`.
  private Value angles(Value x, Rotary rotary) {
    Value column =
        nodes.node(
            "Unsqueeze",
            "rotary.places",
            List.of(x.axis(1), Axis.of(1), Axis.of(1)),
            List.of(nodes.as(DataType.FLOAT, places(x)), graph.constant("index.1.2", 1, 2)));
    return nodes.node(
        "Mul",
        "rotary.angles",
        List.of(x.axis(1), Axis.of(1), Axis.of(rotary.headDim() / 2)),
        List.of(
            column,
            graph.constant(
                "rotary.%d.%s.%s".formatted(rotary.headDim(), rotary.theta(), rotary.scaling()),
                rotary.frequencies())));
  }

  /// The last axis from one index to before another.
  Value slice(Value x, long from, long to, String name) {
    List<Axis> shape = new ArrayList<>(x.shape().subList(0, x.shape().size() - 1));
    shape.add(Axis.of(to - from));
    return nodes.node(
        "Slice",
        name,
        List.copyOf(shape),
        List.of(
            x,
            graph.constant("index." + from, from),
            graph.constant("index." + to, to),
            graph.constant("last", -1)));
  }

  /// `[1]`: the size of the second axis.
  Value length(Value x, String name) {
    return nodes.node(
        "Shape",
        name,
        DataType.INT64,
        List.of(Axis.of(1)),
        List.of(x),
        Attributes.of("start", 1),
        Attributes.of("end", 2));
  }

  /// The whole numbers from 0 that count the second axis, `[seq]`.
  Value places(Value x) {
    Value source = new Value("", x.type(), List.of(x.axis(1)));
    return places.computeIfAbsent(
        source,
        _ -> {
          Value length =
              nodes.node(
                  "Squeeze",
                  "places.length",
                  List.of(),
                  List.of(length(x, "places.shape"), graph.constant("zeros", 0)));
          return nodes.node(
              "Range",
              "places",
              List.of(x.axis(1)),
              List.of(graph.scalar("number.0", 0L), length, graph.scalar("number.1", 1L)));
        });
  }

  /// What is added to the scores: `[batch, 1, 1, seq]`, or `[batch, 1, seq, seq]` where not all see
  /// each other; once for all layers.
  ///
  /// @param key whose padding is masked
  private Value mask(Value mask, Value key, boolean causal, int reach) {
    boolean copies = OnnxPacking.isPacked(key);
    Value padding =
        masks.computeIfAbsent(
            new Window(mask, copies, false, Attention.EVERYWHERE),
            _ -> paddingMask(mask, copies ? maskedCopy(mask) : graph.scalar("masked", MASKED)));
    return !causal && reach == Attention.EVERYWHERE
        ? padding
        : masks.computeIfAbsent(
            new Window(mask, copies, causal, reach), _ -> windowMask(mask, padding, causal, reach));
  }

  /// [#MASKED_COPY], `[batch, 1, 1, 1]`, but [#MASKED] in a text of padding alone, whose tokens all
  /// attend to each other alike.
  private Value maskedCopy(Value mask) {
    Axis one = Axis.of(1);
    List<Axis> shape = List.of(mask.axis(0), one, one, one);
    Value empty =
        nodes.node(
            "Unsqueeze",
            "mask.empty",
            DataType.INT64,
            shape,
            List.of(packing(mask).empty(), graph.constant("middle", 1, 2)));
    Value most =
        nodes.node(
            "Mul",
            "mask.empty.additive",
            shape,
            List.of(nodes.as(DataType.FLOAT, empty), graph.scalar("masked", MASKED)));
    return nodes.node(
        "Add", "mask.unseen", shape, List.of(most, graph.scalar("masked.copy", MASKED_COPY)));
  }

  private Value paddingMask(Value mask, Value unseen) {
    Axis one = Axis.of(1);
    Value rows =
        nodes.node(
            "Unsqueeze",
            "mask.rows",
            DataType.INT64,
            List.of(mask.axis(0), one, mask.axis(1)),
            List.of(mask, graph.constant("ones", 1)));
    List<Axis> shape = List.of(mask.axis(0), one, one, mask.axis(1));
    Value unsqueezed =
        nodes.node(
            "Unsqueeze",
            "mask.unsqueezed",
            DataType.INT64,
            shape,
            List.of(rows, graph.constant("twos", 2)));
    return additive(nodes.as(DataType.FLOAT, unsqueezed), "mask", unseen);
  }

  private Value windowMask(Value mask, Value padding, boolean causal, int reach) {
    Axis seq = mask.axis(1);
    Value row =
        nodes.node(
            "Unsqueeze",
            "window.keys",
            List.of(Axis.of(1), seq),
            List.of(places(mask), graph.constant("zeros", 0)));
    Value column =
        nodes.node(
            "Unsqueeze",
            "window.queries",
            List.of(seq, Axis.of(1)),
            List.of(places(mask), graph.constant("ones", 1)));
    List<Axis> square = List.of(seq, seq);
    Value ahead = nodes.node("Sub", "window.ahead", square, List.of(row, column));
    Value distance = nodes.node("Abs", "window.distance", square, List.of(ahead));
    Value seen = atMost(distance, reach);
    if (causal) {
      seen =
          nodes.node("And", "window.seen", DataType.BOOL, square, List.of(seen, atMost(ahead, 0)));
    }
    return nodes.node(
        "Min",
        "window.additive",
        List.of(mask.axis(0), Axis.of(1), seq, seq),
        List.of(
            padding,
            additive(nodes.as(DataType.FLOAT, seen), "window", graph.scalar("masked", MASKED))));
  }

  private Value atMost(Value x, long most) {
    return nodes.node(
        "LessOrEqual",
        x.name() + ".at_most",
        DataType.BOOL,
        x.shape(),
        List.of(x, graph.scalar("number." + most, most)));
  }

  /// 1 to 0 and 0 to what keys get that are not seen.
  private Value additive(Value seen, String name, Value unseen) {
    Value hidden =
        nodes.node("Sub", name + ".hidden", seen.shape(), List.of(graph.scalar("one", 1f), seen));
    return nodes.node("Mul", name + ".additive", seen.shape(), List.of(hidden, unseen));
  }
}
