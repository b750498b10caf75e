package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.text.Syllable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The whole numbers of [OnnxOps]: which n-grams a text has, in 64-bit integers all through.
final class OnnxNgrams {
  private final GraphWriter graph;
  private final GraphNodes nodes;
  private final Map<Longer, Value> longer = new HashMap<>();

  /// Rows with zeros after them.
  private record Longer(Value x, int places) {}

  OnnxNgrams(GraphWriter graph, GraphNodes nodes) {
    this.graph = graph;
    this.nodes = nodes;
  }

  /// [Ops#ngrams] as nodes.
  Value ngrams(Value ids, Value attentionMask, Ngrams ngrams) {
    List<Value> sizes = new ArrayList<>();
    Value hash = ids;
    for (int n = 1; n <= ngrams.most(); n++) {
      Value next =
          nodes.node("Add", "ngrams.next", ids.shape(), List.of(later(ids, n, ngrams), number(1)));
      // There is no hash before the first token: what the salt comes to is a constant.
      Value sum =
          n == 1
              ? nodes.node("Add", "ngrams.sum", ids.shape(), List.of(next, number(started(ngrams))))
              : nodes.node(
                  "Add",
                  "ngrams.sum",
                  ids.shape(),
                  List.of(
                      nodes.node(
                          "Mul",
                          "ngrams.product",
                          ids.shape(),
                          List.of(hash, number(Ngrams.MULTIPLIER))),
                      next));
      hash = nodes.node("Mod", "ngrams.hash", ids.shape(), List.of(sum, number(Ngrams.MODULUS)));
      if (n >= ngrams.least()) {
        Value bucket =
            nodes.node(
                "Mod", "ngrams.bucket", ids.shape(), List.of(hash, number(ngrams.buckets() - 1L)));
        Value numbered =
            nodes.node("Add", "ngrams.number", ids.shape(), List.of(bucket, number(1)));
        sizes.add(
            nodes.node(
                "Mul",
                "ngrams.whole",
                ids.shape(),
                List.of(numbered, later(attentionMask, n, ngrams))));
      }
    }
    return joined(sizes, "ngrams");
  }

  /// `[batch, all of them]`.
  Value joined(List<Value> parts, String name) {
    String unique = nodes.unique(name);
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
                nodes.node(
                    "Pad",
                    x.name() + ".longer",
                    List.of(x.axis(0), new Axis.Named("longer_%d".formatted(places))),
                    List.of(x, graph.constant("places." + places, 0, 0, 0, places))));
    long end = n == ngrams.most() ? Long.MAX_VALUE : n - 1L - places;
    return nodes.node(
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

  /// [Ops#openSyllables] as nodes.
  Value openSyllables(Value ids, int firstSyllable) {
    List<Axis> shape = ids.shape();
    Value number = nodes.node("Sub", "syllable", shape, List.of(ids, number(firstSyllable)));
    Value rest =
        nodes.node("Mod", "syllable.final", shape, List.of(number, number(Syllable.FORMS)));
    Value open = nodes.node("Sub", "syllable.open", shape, List.of(ids, rest));
    Value least = condition("GreaterOrEqual", number, number(0));
    Value most = condition("Less", number, number(Syllable.COUNT));
    Value isSyllable = condition("And", least, most);
    return nodes.node(
        "Where", "open_syllables", DataType.INT64, shape, List.of(isSyllable, open, ids));
  }

  private Value condition(String operator, Value a, Value b) {
    return nodes.node(operator, "condition." + operator, DataType.BOOL, a.shape(), List.of(a, b));
  }

  /// `[batch, 1]`: the root of how many numbers are not 0, at least 1.
  Value rootOfCount(Value numbers) {
    List<Axis> column = List.of(numbers.axis(0), Axis.of(1));
    Value counted = nodes.as(DataType.FLOAT, condition("Greater", numbers, number(0)));
    Value count =
        nodes.node(
            "ReduceSum",
            "ngrams.count",
            column,
            List.of(counted, graph.constant("index.1", 1)),
            Attributes.of("keepdims", 1));
    Value atLeastOne =
        nodes.node("Max", "ngrams.divisor", column, List.of(count, graph.scalar("one", 1f)));
    return nodes.node("Sqrt", "ngrams.root", column, List.of(atLeastOne));
  }
}
