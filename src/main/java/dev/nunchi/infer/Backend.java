package dev.nunchi.infer;

import dev.nunchi.text.PaddedBatch;

/// What computes logits: an ONNX Runtime session, or a network in libtorch.
public interface Backend extends AutoCloseable {
  /// Logits `[batch, labels]`. Safe for several threads.
  float[][] logits(PaddedBatch batch);

  /// Ends it; a call after that fails.
  @Override
  void close();
}
