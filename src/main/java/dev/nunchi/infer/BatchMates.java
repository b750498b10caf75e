package dev.nunchi.infer;

import dev.nunchi.text.PaddedBatch;
import java.util.List;

/// The models whose texts may stand in one batch, since one backend computes them: the adapters of
/// one form on one base. Its count is guarded by the lock of their queue.
///
/// Each text is computed as it is alone. So texts of one length go together, none of which is
/// padded; those of a model that adds up whole numbers, in whatever order, go with those of about
/// their length. No more than leaves the other workers something to do: where few wait, each has a
/// worker of its own.
final class BatchMates {
  private final Mixed backend;
  private final Fit fit;
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

  /// Which texts go together.
  private enum Fit {
    /// Those of one length, which has to be counted.
    EQUAL,
    /// Those that are half to twice as long as the first, as far as is known: a call costs more
    /// than the padding.
    ABOUT
  }

  /// Of texts of one length.
  ///
  /// @param mostRows in a batch
  /// @param workers that take texts from the queue
  BatchMates(Mixed backend, int mostRows, int workers) {
    this(backend, Fit.EQUAL, mostRows, workers);
  }

  private BatchMates(Mixed backend, Fit fit, int mostRows, int workers) {
    this.backend = backend;
    this.fit = fit;
    this.mostRows = mostRows;
    this.workers = workers;
  }

  /// Those of a model whose texts are run alone.
  static BatchMates none() {
    return new BatchMates((batch, rows) -> rows.getFirst().logits(batch), 1, 1);
  }

  /// The texts of one model that computes them alike whatever stands beside them, padded or not.
  static BatchMates padded(int mostRows, int workers) {
    return new BatchMates(
        (batch, rows) -> rows.getFirst().logits(batch), Fit.ABOUT, mostRows, workers);
  }

  /// Whether texts are to be encoded before their turn comes, so that those of one length are
  /// found.
  boolean needLengths() {
    return mostRows > 1 && fit == Fit.EQUAL;
  }

  /// Whether a text can stand in a batch with the one whose turn it is.
  boolean fit(Ticket first, Ticket other) {
    return switch (fit) {
      case EQUAL ->
          first.input().isEncoded()
              && other.input().isEncoded()
              && first.tokens() == other.tokens();
      case ABOUT -> other.tokens() <= 2 * first.tokens() && first.tokens() <= 2 * other.tokens();
    };
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
