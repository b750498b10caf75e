package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Truncation;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// Proves that a model directory still does what its network did: every text of the probe gets the
/// same token ids, logits within the tolerance of the precision, and the same logits alone as in a
/// batch with all others.
///
/// A logit `x` passes against the stored `y` if `|x - y| <= tolerance · max(1, |z|)`, where `z` is
/// the logit of the same text that is furthest from 0: all of them are sums over numbers of that
/// size, so a small one beside it is rounded as it is. Where a text has one logit, as the value of
/// a regression, `z` is that of all texts: it may be near 0 as one among hundreds.
///
/// @param encoder of the model under test
/// @param backend of the model under test
public record ProbeCheck(Encoder encoder, Backend backend, Precision precision, int padTokenId) {
  /// What is no difference in fp32.
  private static final double ROUNDING = 1e-5;

  /// @return whether each text's logits are those that it has alone but for rounding, and so stay
  ///   what they are whatever runs beside it
  /// @throws NunchiException `FAILED_CHECK` for the first text that differs
  public boolean run(Probe probe) {
    List<Probe.Case> cases = probe.cases();
    // The probe was encoded in training, which keeps the head.
    List<Encoding> encodings =
        cases.stream().map(one -> encoder.encode(one.text(), Truncation.KEEP_HEAD)).toList();
    float[][] together = backend.logits(PaddedBatch.of(encodings, padTokenId));
    double leastScale = leastScale(cases);
    boolean alike = true;
    for (int i = 0; i < cases.size(); i++) {
      float[] alone = checkCase(i, encodings.get(i), cases.get(i), leastScale);
      alike &= checkBatch(i, alone, together[i], leastScale) <= ROUNDING;
    }
    return alike;
  }

  private float[] checkCase(int index, Encoding encoding, Probe.Case expected, double leastScale) {
    List<Integer> ids = Arrays.stream(encoding.inputIds()).boxed().toList();
    if (!ids.equals(expected.inputIds())) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          ("Text %d of the model's probe has other token ids than in training: tokenizer.json or"
                  + " the normaliser is not the one it was trained with")
              .formatted(index));
    }
    float[] logits = backend.logits(PaddedBatch.of(List.of(encoding), padTokenId))[0];
    if (logits.length != expected.logits().size()) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          "The model gives %d logits; its probe has %d"
              .formatted(logits.length, expected.logits().size()));
    }
    double scale = scale(logits(expected), leastScale);
    for (int i = 0; i < logits.length; i++) {
      checkLogit(index, i, logits[i], expected.logits().get(i), tolerance(precision) * scale);
    }
    return logits;
  }

  /// Gives the largest difference, as a part of the largest logit.
  private double checkBatch(int index, float[] alone, float[] together, double leastScale) {
    double scale = scale(IntStream.range(0, alone.length).mapToDouble(i -> alone[i]), leastScale);
    double tolerance = batchTolerance(precision) * scale;
    double largest = 0;
    for (int i = 0; i < alone.length; i++) {
      double difference = Math.abs(alone[i] - together[i]);
      largest = Math.max(largest, difference / scale);
      if (!(difference <= tolerance)) {
        throw new NunchiException(
            Reason.FAILED_CHECK,
            ("Logit %d of text %d of the model's probe is %s alone and %s in a batch; it may differ"
                    + " by %s")
                .formatted(i, index, alone[i], together[i], tolerance));
      }
    }
    return largest;
  }

  /// What a tolerance is relative to: the largest of the logits, or what is at least.
  private static double scale(DoubleStream logits, double least) {
    return logits.map(Math::abs).reduce(least, Math::max);
  }

  private static double leastScale(List<Probe.Case> cases) {
    boolean one = cases.stream().allMatch(expected -> expected.logits().size() == 1);
    return one ? scale(cases.stream().flatMapToDouble(ProbeCheck::logits), 1) : 1;
  }

  private static DoubleStream logits(Probe.Case expected) {
    return expected.logits().stream().mapToDouble(Float::doubleValue);
  }

  private static void checkLogit(
      int index, int label, float logit, float expected, double tolerance) {
    // Written so that NaN fails too.
    if (!(Math.abs(logit - expected) <= tolerance)) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          "Logit %d of text %d of the model's probe is %s; it was %s in training, and may differ by %s"
              .formatted(label, index, logit, expected, tolerance));
    }
  }

  /// Sums of whole numbers do not depend on their order, but what stands between them, in fp32, may
  /// be computed in another order for another batch, and a number that lies between two steps of
  /// int8 goes to the other one.
  private static double batchTolerance(Precision precision) {
    return switch (precision) {
      case FP32, BF16 -> 1e-5;
      // Inputs of the layers are rounded there too, but row by row.
      case FP16, INT8_WEIGHT_ONLY, INT4_WEIGHT_ONLY -> 1e-2;
      case INT8 -> 5e-2;
    };
  }

  private static double tolerance(Precision precision) {
    return switch (precision) {
      case FP32 -> 1e-4;
      case FP16 -> 2e-2;
      // 8 bits of fraction, of weights that may have had 24.
      case BF16 -> 1e-1;
      // Steps of the quantisation add up over the layers; a wrong weight or scale is far outside.
      case INT8, INT8_WEIGHT_ONLY -> 5e-1;
      // Sixteen values of a weight move the logits of a small network by as much as they are.
      case INT4_WEIGHT_ONLY -> 2;
    };
  }
}
