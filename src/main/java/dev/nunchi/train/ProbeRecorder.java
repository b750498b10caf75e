package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.torch.TorchNetwork;
import java.util.ArrayList;
import java.util.List;

/// Writes down what a trained network answers to a fixed set of texts.
///
/// @param encoder of the network, which may cut a text for a short network
public record ProbeRecorder(TextEncoder encoder) {
  /// Runs one text at a time, so that no padding has part in it.
  ///
  /// @throws NunchiException `FAILED_CHECK` where the network answers with something else than
  ///   numbers
  public Probe record(TorchNetwork network) {
    List<Probe.Case> cases = new ArrayList<>();
    for (String text : ProbeTexts.ALL) {
      Encoding encoding = encoder.encode(text, Truncation.KEEP_HEAD);
      float[] logits =
          network.logits(PaddedBatch.of(List.of(encoding), network.network().padTokenId()))[0];
      List<Integer> ids = new ArrayList<>();
      for (int id : encoding.inputIds()) {
        ids.add(id);
      }
      List<Float> values = new ArrayList<>();
      for (float logit : logits) {
        if (!Float.isFinite(logit)) {
          throw new NunchiException(
              Reason.FAILED_CHECK,
              "The network gives the logit %s for the text '%s': its weights are damaged, or its"
                      .formatted(logit, text)
                  + " training has diverged");
        }
        values.add(logit);
      }
      cases.add(new Probe.Case(text, ids, values));
    }
    return new Probe(cases);
  }
}
