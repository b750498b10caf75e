package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.OnnxValues;
import dev.nunchi.model.ComputedNumbers;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Finds the range of each linear layer's input by running texts through the network.
final class Calibration {
  private Calibration() {}

  /// @param graph file of a graph of [OnnxOps#observed]
  /// @param outputs of that graph: which output has the input of a linear layer
  /// @param encodings at least one; texts as those that the model is to serve
  /// @param model directory of the checkpoint, which an error names
  /// @return the ranges by the layers' names
  /// @throws NunchiException `FAILED_CHECK` where the network computes what is no number
  static Map<String, Range> ranges(
      Path graph,
      Map<String, String> outputs,
      List<Encoding> encodings,
      int padTokenId,
      Path model) {
    Set<String> wanted = new HashSet<>(outputs.values());
    Map<String, RangeSearch> searches = new HashMap<>();
    wanted.forEach(output -> searches.put(output, new RangeSearch()));
    try (OnnxValues values = OnnxValues.open(graph)) {
      for (Encoding encoding : encodings) {
        // Alone, so that no padding is counted.
        values
            .run(PaddedBatch.of(List.of(encoding), padTokenId), wanted)
            .forEach((output, numbers) -> {
              ComputedNumbers.requireFinite(numbers, model.toString());
              search(searches, output).add(numbers);
            });
      }
    }
    Map<String, Range> found = new HashMap<>();
    searches.forEach((output, search) -> found.put(output, search.best()));
    Map<String, Range> ranges = new HashMap<>();
    outputs.forEach((layer, output) -> ranges.put(layer, found.get(output)));
    return ranges;
  }

  private static RangeSearch search(Map<String, RangeSearch> searches, String output) {
    RangeSearch search = searches.get(output);
    if (search == null) {
      throw new IllegalStateException("The graph gave " + output + ", which was not asked for");
    }
    return search;
  }
}
