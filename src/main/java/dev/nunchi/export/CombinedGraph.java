package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Spelling;
import java.util.List;
import java.util.Map;

/// The graph of a [Combiner]: both parts, the spelling between them, and the sum of their logits.
final class CombinedGraph {
  private static final String FIRST = "first/";
  private static final String SECOND = "second/";

  private CombinedGraph() {}

  /// @param weight of the second's logits
  /// @param spelling of the first's pieces for the second
  /// @param linked whether the parts' weights stay in their files
  static JoinedGraph of(
      ModelDirectory first,
      ModelDirectory second,
      double weight,
      Spelling spelling,
      boolean linked) {
    JoinedGraph graph = new JoinedGraph(linked);
    String one = graph.addFirst(first, FIRST);
    String characters = spelled(graph, spelling);
    String present = cast(graph, "present", greater(graph, "is_character", characters));
    String other =
        graph.add(
            second,
            SECOND,
            Map.of(
                "input_ids",
                characters,
                "attention_mask",
                present,
                "token_type_ids",
                "token_type_ids"));
    graph.output(
        graph.node(
            "Add",
            "sum",
            List.of(
                weighed(graph, "first", one, (1 - weight) / first.manifest().task().temperature()),
                weighed(graph, "second", other, weight / second.manifest().task().temperature()))),
        first);
    return graph;
  }

  /// `[batch, characters]`: the characters of each text's pieces in a row, 0 after the last.
  ///
  /// Each has its place by how many there are up to it; what is none goes to a place before the
  /// first, which is cut off.
  private static String spelled(JoinedGraph graph, Spelling spelling) {
    String one = graph.numbers("one", 1);
    String zero = graph.numbers("zero", 0);
    String rows =
        graph.node(
            "Gather",
            "spelling.rows",
            List.of(graph.table("spelling", spelling.characters()), "input_ids"));
    String all =
        graph.node(
            "Reshape",
            "spelling.all",
            List.of(cast(graph, "spelling.ids", rows), graph.numbers("row", 0, -1)));
    String is = cast(graph, "spelling.is", greater(graph, "spelling.is_character", all));
    String place =
        graph.node(
            "Mul",
            "spelling.place",
            List.of(graph.node("CumSum", "spelling.count", List.of(is, one)), is));
    String length =
        graph.node(
            "Add",
            "spelling.length",
            List.of(
                graph.node(
                    "Reshape",
                    "spelling.most",
                    List.of(
                        graph.node(
                            "ReduceMax",
                            "spelling.last",
                            List.of(place),
                            Attributes.of("keepdims", 0)),
                        one)),
                one));
    String batch =
        graph.node(
            "Shape",
            "spelling.batch",
            List.of("input_ids"),
            Attributes.of("start", 0),
            Attributes.of("end", 1));
    String shape =
        graph.node("Concat", "spelling.shape", List.of(batch, length), Attributes.of("axis", 0));
    String empty = graph.node("Expand", "spelling.empty", List.of(zero, shape));
    String placed =
        graph.node(
            "ScatterElements",
            "spelling.placed",
            List.of(empty, place, all),
            Attributes.of("axis", 1));
    return graph.node("Slice", "characters", List.of(placed, one, length, one));
  }

  private static String greater(JoinedGraph graph, String name, String x) {
    return graph.node("Greater", name, List.of(x, "zero"));
  }

  private static String cast(JoinedGraph graph, String name, String x) {
    return graph.node("Cast", name, List.of(x), Attributes.of("to", DataType.INT64.getNumber()));
  }

  private static String weighed(JoinedGraph graph, String part, String logits, double factor) {
    return graph.node(
        "Mul", part + ".weighed", List.of(logits, graph.number(part + ".weight", (float) factor)));
  }
}
