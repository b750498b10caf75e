package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.util.List;

/// What computes logits: an ONNX Runtime session, a bag of n-grams, or a network in libtorch.
public interface Backend extends AutoCloseable {
  /// Logits `[batch, labels]`. Safe for several threads.
  float[][] logits(PaddedBatch batch);

  /// The same of texts that are not padded yet, for those that compute each by itself.
  default float[][] logits(List<Encoding> texts, int padTokenId) {
    return logits(PaddedBatch.of(texts, padTokenId));
  }

  /// The same of one text that has all cores to itself, with the same bits.
  default float[][] logitsOfLoneText(PaddedBatch batch) {
    return logits(batch);
  }

  /// Whether a text that is alone takes another time than one of many, and so says nothing about
  /// it.
  default boolean isFasterAlone() {
    return false;
  }

  /// Ends it; a call after that fails.
  @Override
  void close();
}
