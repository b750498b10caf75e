package dev.nunchi.train;

import dev.nunchi.model.ComputedNumbers;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.torch.TorchNetwork;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Writes down what a trained network answers to a fixed set of texts.
///
/// @param encoder of the network, which may cut a text for a short network
public record ProbeRecorder(TextEncoder encoder) {
  /// Runs one text at a time, so that no padding has part in it.
  ///
  /// @param model directory that an error names
  /// @throws dev.nunchi.NunchiException `FAILED_CHECK` where the network answers with something
  ///   else than numbers
  public Probe record(TorchNetwork network, Path model) {
    return new Probe(
        encodings().stream().flatMap(one -> cases(network, List.of(one), model)).toList());
  }

  /// Runs all texts in one batch, for a network whose weights are read anew for each.
  ///
  /// @param model directory that an error names
  /// @throws dev.nunchi.NunchiException as [#record]
  public Probe recordAtOnce(TorchNetwork network, Path model) {
    return new Probe(cases(network, encodings(), model).toList());
  }

  private List<Encoded> encodings() {
    return ProbeTexts.ALL.stream()
        .map(text -> new Encoded(text, encoder.encode(text, Truncation.KEEP_HEAD)))
        .toList();
  }

  private record Encoded(String text, Encoding encoding) {
    Probe.Case answered(float[] logits) {
      List<Float> values = new ArrayList<>();
      for (float logit : logits) {
        values.add(logit);
      }
      return new Probe.Case(text, Arrays.stream(encoding.inputIds()).boxed().toList(), values);
    }
  }

  private static Stream<Probe.Case> cases(TorchNetwork network, List<Encoded> texts, Path model) {
    float[][] logits =
        network.logits(
            PaddedBatch.of(
                texts.stream().map(Encoded::encoding).toList(), network.network().padTokenId()));
    return IntStream.range(0, texts.size())
        .mapToObj(i -> {
          ComputedNumbers.requireFinite(logits[i], model.toString());
          return texts.get(i).answered(logits[i]);
        });
  }
}
