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
import java.util.List;

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
    List<Probe.Case> cases = new ArrayList<>();
    for (String text : ProbeTexts.ALL) {
      Encoding encoding = encoder.encode(text, Truncation.KEEP_HEAD);
      float[] logits =
          network.logits(PaddedBatch.of(List.of(encoding), network.network().padTokenId()))[0];
      ComputedNumbers.requireFinite(logits, model.toString());
      List<Integer> ids = new ArrayList<>();
      for (int id : encoding.inputIds()) {
        ids.add(id);
      }
      List<Float> values = new ArrayList<>();
      for (float logit : logits) {
        values.add(logit);
      }
      cases.add(new Probe.Case(text, ids, values));
    }
    return new Probe(cases);
  }
}
