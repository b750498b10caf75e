package dev.nunchi.infer;

import dev.nunchi.text.PaddedBatch;
import java.util.List;

/// The models whose texts may stand in one batch, since one backend computes them: the adapters of
/// one form on one base. Its count is guarded by the lock of their queue.
///
/// Texts of one length go together, so that none is padded and each is computed as it is alone. No
/// more than leaves the other workers something to do: where few wait, each has a worker of its
/// own.
final class BatchMates {
  private final Mixed backend;
  private final int mostRows;
  private final int workers;
  private int waiting;

  /// What computes the texts of several models at once.
  @FunctionalInterface
  interface Mixed {
    /// Logits `[batch, labels]`, of each text those of its model.
    ///
    /// @param rows the model of each text of the batch
    float[][] logits(PaddedBatch batch, List<Backend> rows);
  }

  /// @param mostRows in a batch
  /// @param workers that take texts from the queue
  BatchMates(Mixed backend, int mostRows, int workers) {
    this.backend = backend;
    this.mostRows = mostRows;
    this.workers = workers;
  }

  /// Those of a model whose texts are run alone.
  static BatchMates none() {
    return new BatchMates((batch, rows) -> rows.getFirst().logits(batch), 1, 1);
  }

  void placed() {
    waiting++;
  }

  void displaced() {
    waiting--;
  }

  /// How many texts are run together, with one that was taken from those that wait.
  int rows() {
    return Math.min(mostRows, 1 + waiting / workers);
  }

  float[][] logits(PaddedBatch batch, List<Backend> rows) {
    return backend.logits(batch, rows);
  }
}
