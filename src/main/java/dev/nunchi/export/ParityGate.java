package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Backend;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Span;
import java.util.Collections;
import java.util.List;

/// The proof that an exported graph answers as the trained network did: it replays the probe, each
/// text alone, and compares the logits.
final class ParityGate {
  private final double tolerance;

  /// @param tolerance largest difference of one logit that passes
  ParityGate(double tolerance) {
    this.tolerance = tolerance;
  }

  /// The largest difference over all logits.
  ///
  /// @throws NunchiException `FAILED_CHECK` naming the first text, by its index, whose logits miss
  ///   the tolerance, and by how much
  double check(Backend backend, Probe probe, int padTokenId) {
    double largest = 0;
    for (int i = 0; i < probe.cases().size(); i++) {
      Probe.Case expected = probe.cases().get(i);
      PaddedBatch batch = PaddedBatch.of(List.of(encoding(expected.inputIds())), padTokenId);
      double difference = difference(expected.logits(), backend.logits(batch)[0]);
      // Not NaN either.
      if (!(difference <= tolerance)) {
        throw new NunchiException(
            Reason.FAILED_CHECK,
            "The exported graph differs from the trained network by %s in a logit of probe text %d;"
                    .formatted(difference, i)
                + " at most %s passes, so nothing was written".formatted(tolerance));
      }
      largest = Math.max(largest, difference);
    }
    return largest;
  }

  private static double difference(List<Float> expected, float[] actual) {
    double largest = expected.size() == actual.length ? 0 : Double.NaN;
    for (int i = 0; i < Math.min(expected.size(), actual.length); i++) {
      // Math.max keeps a NaN.
      largest = Math.max(largest, Math.abs((double) expected.get(i) - actual[i]));
    }
    return largest;
  }

  private static Encoding encoding(List<Integer> inputIds) {
    int[] ids = inputIds.stream().mapToInt(Integer::intValue).toArray();
    List<Span> spans = Collections.nCopies(ids.length, Span.NONE);
    return new Encoding(ids, new int[ids.length], spans, ids.length, 0, false);
  }
}
