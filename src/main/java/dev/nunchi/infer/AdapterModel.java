package dev.nunchi.infer;

import ai.onnxruntime.OrtException;
import dev.nunchi.model.AdapterTensors;
import dev.nunchi.text.PaddedBatch;

/// An adapter on its base as a backend: its numbers go to the base's session with each call.
///
/// Safe for several threads; to be closed when no call is in flight.
final class AdapterModel implements Backend {
  private final SharedBase base;
  private final AdapterTensors tensors;
  private final AdapterRows alone;
  private final int labels;

  /// @param tensors owned by it from now on
  AdapterModel(SharedBase base, AdapterTensors tensors) throws OrtException {
    this.base = base;
    this.tensors = tensors;
    this.alone = AdapterRows.of(tensors);
    this.labels = tensors.manifest().task().labels().size();
  }

  AdapterTensors tensors() {
    return tensors;
  }

  /// Its numbers for all texts of a batch.
  AdapterRows alone() {
    return alone;
  }

  /// How many of the logits are its own.
  int labels() {
    return labels;
  }

  @Override
  public float[][] logits(PaddedBatch batch) {
    return base.logits(batch, this);
  }

  @Override
  public void close() {
    alone.close();
    tensors.close();
  }
}
