package dev.nunchi.export;

import dev.nunchi.infer.OnnxValues;
import dev.nunchi.model.ComputedNumbers;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Runs texts through the network and samples what its linear layers get.
final class InputSamples {
  private InputSamples() {}

  /// @param graph file of a graph of [OnnxOps#observed]
  /// @param uses of that graph
  /// @param encodings at least one; texts as those that the model is to serve
  /// @param model directory of the checkpoint, which an error names
  /// @return the samples by the outputs' names
  /// @throws dev.nunchi.NunchiException `FAILED_CHECK` where the network computes what is no number
  static Map<String, InputSample> of(
      Path graph,
      List<OnnxOps.LinearUse> uses,
      List<Encoding> encodings,
      int padTokenId,
      Path model) {
    Map<String, InputSample> samples = new HashMap<>();
    uses.forEach(
        use -> samples.computeIfAbsent(use.output(), _ -> new InputSample(use.layer().in())));
    try (OnnxValues values = OnnxValues.open(graph)) {
      for (Encoding encoding : encodings) {
        // Alone, so that no padding is counted.
        Map<String, float[]> inputs =
            values.run(PaddedBatch.of(List.of(encoding), padTokenId), samples.keySet());
        samples.forEach((output, sample) -> {
          float[] numbers = inputs.getOrDefault(output, new float[0]);
          ComputedNumbers.requireFinite(numbers, model.toString());
          sample.add(numbers);
        });
      }
    }
    return samples;
  }
}
