package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The tokens of a batch in one row, `[1, tokens, width]`, without the padding between its texts:
/// what computes each token by itself then computes no padding, whatever lengths stand in a batch.
///
/// Only attention looks across tokens. Its vectors are laid out by text and by head in the same
/// copy that would have split the heads, and put back in a row in the one that would have joined
/// them.
final class OnnxPacking {
  private static final Axis ROW = new Axis.Named("packed_tokens");

  private static final Axis PLACES = new Axis.Named("places");

  private static final Axis ONE = Axis.of(1);

  private final GraphWriter graph;
  private final GraphNodes nodes;
  private final Value mask;

  /// The places of tokens among all of the batch, `[tokens]`.
  private final Value places;

  /// Where each place's vector lies in the row, `[batch, seq]`; of padding at a text's end that of
  /// its last token, a copy that is masked.
  private final Value rows;

  /// 1 for a text of padding alone, else 0: `[batch, 1]`.
  private final Value empty;

  private final Map<Long, Value> spread = new HashMap<>();
  private final Map<Long, Value> gathered = new HashMap<>();

  /// @param mask `[batch, seq]`, 1 for a token and 0 for padding
  OnnxPacking(GraphWriter graph, GraphNodes nodes, Value mask) {
    this.graph = graph;
    this.nodes = nodes;
    this.mask = mask;
    this.empty = emptyTexts();
    Value flat = flatMask();
    Value found = nodes.node("NonZero", "packing.found", List.of(ONE, ROW), List.of(flat));
    this.places =
        nodes.node(
            "Squeeze", "packing.places", List.of(ROW), List.of(found, graph.constant("zeros", 0)));
    Value counted =
        nodes.node(
            "CumSum", "packing.counted", flat.shape(), List.of(flat, graph.scalar("number.0", 0L)));
    Value before =
        nodes.node(
            "Sub", "packing.before", flat.shape(), List.of(counted, graph.scalar("number.1", 1L)));
    Value known =
        nodes.node(
            "Max", "packing.known", flat.shape(), List.of(before, graph.scalar("number.0", 0L)));
    Value shape =
        nodes.node("Shape", "packing.shape", DataType.INT64, List.of(Axis.of(2)), List.of(mask));
    this.rows = nodes.node("Reshape", "packing.rows", mask.shape(), List.of(known, shape));
  }

  private Value emptyTexts() {
    List<Axis> each = List.of(mask.axis(0), ONE);
    Value any =
        nodes.node(
            "ReduceMax",
            "packing.any",
            each,
            List.of(mask, graph.constant("ones", 1)),
            Attributes.of("keepdims", 1));
    return nodes.node("Sub", "packing.none", each, List.of(graph.scalar("number.1", 1L), any));
  }

  /// The mask of all places, `[places]`. Of a text of padding alone each place counts, as they all
  /// attend to each other then.
  private Value flatMask() {
    Value kept = nodes.node("Max", "packing.kept", mask.shape(), List.of(mask, empty));
    return nodes.node(
        "Reshape", "packing.mask", List.of(PLACES), List.of(kept, graph.constant("last", -1)));
  }

  /// 1 for a text of padding alone, else 0: `[batch, 1]`.
  Value empty() {
    return empty;
  }

  /// Whether these are tokens in one row.
  static boolean isPacked(Value x) {
    return x.shape().size() == 3 && x.axis(1).equals(ROW);
  }

  /// The second axis of the texts.
  private Axis seq() {
    return mask.axis(1);
  }

  /// The first axis of the texts.
  private Axis batch() {
    return mask.axis(0);
  }

  /// `[batch, seq, width]` to `[1, tokens, width]`.
  Value packed(Value x) {
    long width = width(x);
    Value flat =
        nodes.node(
            "Reshape",
            x.name() + ".flat",
            List.of(ONE, PLACES, x.axis(2)),
            List.of(x, graph.constant("packed." + width, 1, -1, width)));
    return nodes.node(
        "Gather",
        x.name() + ".packed",
        List.of(ONE, ROW, x.axis(2)),
        List.of(flat, places),
        Attributes.of("axis", 1));
  }

  /// `[1, tokens, width]` to `[batch, seq, width]`, with vectors of other tokens for padding.
  Value padded(Value x) {
    return nodes.node(
        "Gather",
        x.name() + ".padded",
        List.of(batch(), seq(), x.axis(2)),
        List.of(flat(x, width(x)), rows),
        Attributes.of("axis", 0));
  }

  /// The first token of each text: `[1, tokens, width]` to `[batch, 1, width]`.
  Value first(Value x) {
    Value firsts =
        nodes.node(
            "Gather",
            "packing.firsts",
            List.of(batch(), ONE),
            List.of(rows, graph.constant("zeros", 0)),
            Attributes.of("axis", 1));
    return nodes.node(
        "Gather",
        x.name() + ".first",
        List.of(batch(), ONE, x.axis(2)),
        List.of(flat(x, width(x)), firsts),
        Attributes.of("axis", 0));
  }

  /// `[1, tokens, heads · width]` to `[batch, heads, seq, width]`.
  Value spread(Value x, long heads) {
    long width = width(x) / heads;
    return nodes.node(
        "Gather",
        x.name() + ".heads",
        List.of(batch(), Axis.of(heads), seq(), Axis.of(width)),
        List.of(flat(x, width), spread.computeIfAbsent(heads, this::places)),
        Attributes.of("axis", 0));
  }

  /// `[batch, heads, seq, width]` to `[1, tokens, heads · width]`.
  Value gathered(Value x, String name) {
    long heads = ((Axis.Sized) x.axis(1)).size();
    long width = ((Axis.Sized) x.axis(3)).size();
    Value found =
        nodes.node(
            "Gather",
            name + ".gathered",
            List.of(ROW, Axis.of(heads), Axis.of(width)),
            List.of(flat(x, width), gathered.computeIfAbsent(heads, this::back)),
            Attributes.of("axis", 0));
    return nodes.node(
        "Reshape",
        name,
        List.of(ONE, ROW, Axis.of(heads * width)),
        List.of(found, graph.constant("packed." + heads * width, 1, -1, heads * width)));
  }

  /// Where each head of each place lies in a row of heads, `[batch, heads, seq]`.
  private Value places(long heads) {
    List<Axis> each = List.of(batch(), ONE, seq());
    Value texts =
        nodes.node("Unsqueeze", "packing.texts", each, List.of(rows, graph.constant("ones", 1)));
    Value first =
        nodes.node(
            "Mul", "packing.first", each, List.of(texts, graph.scalar("number." + heads, heads)));
    long[] numbers = new long[(int) heads];
    for (int head = 0; head < heads; head++) {
      numbers[head] = head;
    }
    Value column =
        nodes.node(
            "Unsqueeze",
            "packing.column",
            List.of(Axis.of(heads), ONE),
            List.of(graph.constant("heads." + heads, numbers), graph.constant("ones", 1)));
    return nodes.node(
        "Add", "packing.heads", List.of(batch(), Axis.of(heads), seq()), List.of(first, column));
  }

  /// Where each head of each token lies among those of the batch, `[tokens, heads]`.
  private Value back(long heads) {
    Value layout = spread.computeIfAbsent(heads, this::places);
    Value count = nodes.node("Size", "packing.size", DataType.INT64, List.of(), List.of(layout));
    Value numbers =
        nodes.node(
            "Range",
            "packing.numbers",
            List.of(new Axis.Named("heads_of_places")),
            List.of(graph.scalar("number.0", 0L), count, graph.scalar("number.1", 1L)));
    Value shape =
        nodes.node("Shape", "packing.layout", DataType.INT64, List.of(Axis.of(3)), List.of(layout));
    Value laidOut =
        nodes.node("Reshape", "packing.numbered", layout.shape(), List.of(numbers, shape));
    Value byPlace =
        nodes.node(
            "Transpose",
            "packing.by_place",
            List.of(batch(), seq(), Axis.of(heads)),
            List.of(laidOut),
            Attributes.list("perm", 0L, 2L, 1L));
    Value flat =
        nodes.node(
            "Reshape",
            "packing.by_place.flat",
            List.of(PLACES, Axis.of(heads)),
            List.of(byPlace, graph.constant("flat." + heads, -1, heads)));
    return nodes.node(
        "Gather",
        "packing.back",
        List.of(ROW, Axis.of(heads)),
        List.of(flat, places),
        Attributes.of("axis", 0));
  }

  /// `[any, width]`.
  private Value flat(Value x, long width) {
    return nodes.node(
        "Reshape",
        x.name() + ".flat",
        List.of(new Axis.Named(x.name() + ".vectors"), Axis.of(width)),
        List.of(x, graph.constant("flat." + width, -1, width)));
  }

  private static long width(Value x) {
    return ((Axis.Sized) x.axis(2)).size();
  }
}
