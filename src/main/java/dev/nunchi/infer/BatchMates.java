package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import java.util.Arrays;
import java.util.List;

/// The models whose texts may stand in one batch, since one backend computes them: the adapters of
/// one form on one base. Its count is guarded by the lock of their queue.
///
/// Each text is computed as it is alone. So those of adapters go together where they have one
/// length; those of one model with those of near length, as its graph promises, or of any where it
/// computes each by itself. No more than leaves the other workers something to do: where few wait,
/// each has a worker of its own, but for those that are nearly free.
final class BatchMates {
  /// Padding that is worth less than a call, which takes a transformer as long as some tokens: one,
  /// and this part of the length.
  private static final int NEAR = 8;

  /// The same where attention alone computes padding, the least of a short text's time.
  private static final int PACKED = 3;

  private final Mixed backend;
  private final Fit fit;
  private final int mostRows;
  private final int mostTokens;
  private final int cheapRows;
  private final int workers;
  private int waiting;

  /// What computes the texts of several models at once.
  @FunctionalInterface
  interface Mixed {
    /// Logits `[batch, labels]`, of each text those of its model.
    ///
    /// @param rows the model of each text
    float[][] logits(List<Encoding> texts, int padTokenId, List<Backend> rows);
  }

  /// Which texts go together.
  private enum Fit {
    /// Those of one length, which has to be counted.
    EQUAL,
    /// Those of nearly one length, which has to be counted.
    NEAR,
    /// Those of about one length, which has to be counted: attention alone computes padding.
    PACKED,
    /// Any: each is computed by itself. The most rows of the longest texts take a millisecond or
    /// two.
    ANY
  }

  /// Of texts of one length.
  ///
  /// @param mostRows in a batch
  /// @param workers that take texts from the queue
  BatchMates(Mixed backend, int mostRows, int workers) {
    this(backend, Fit.EQUAL, mostRows, Integer.MAX_VALUE, 1, workers);
  }

  /// @param cheapRows so many go together though other workers are left with less: a run of them
  ///   takes hardly longer than of one text, and each run that is spared is time for all
  private BatchMates(
      Mixed backend, Fit fit, int mostRows, int mostTokens, int cheapRows, int workers) {
    this.backend = backend;
    this.fit = fit;
    this.mostRows = mostRows;
    this.mostTokens = mostTokens;
    this.cheapRows = cheapRows;
    this.workers = workers;
  }

  /// Those of a model whose texts are run alone.
  static BatchMates none() {
    return ofOneModel(Fit.EQUAL, 1, 1, 1, 1);
  }

  /// The texts of one model that computes each by itself, in less time than it takes to have a
  /// worker come and to send an answer: half of the most rows cost hardly more than one.
  static BatchMates nearlyFree(int mostRows, int workers) {
    return ofOneModel(Fit.ANY, mostRows, Integer.MAX_VALUE, Math.max(1, mostRows / 2), workers);
  }

  /// The texts of one model that computes them alike whatever stands beside them, padded or not,
  /// and to which a call costs no more than some tokens.
  ///
  /// @param mostTokens in a batch of more than one text, by the first one's length: what more of
  ///   them would gain is less than the others' wait
  static BatchMates near(int mostRows, int mostTokens, int workers) {
    return ofOneModel(Fit.NEAR, mostRows, mostTokens, 1, workers);
  }

  /// The same of one that computes no padding but in attention.
  static BatchMates packed(int mostRows, int mostTokens, int workers) {
    return ofOneModel(Fit.PACKED, mostRows, mostTokens, 1, workers);
  }

  private static BatchMates ofOneModel(
      Fit fit, int mostRows, int mostTokens, int cheapRows, int workers) {
    return new BatchMates(
        (texts, padTokenId, rows) -> rows.getFirst().logits(texts, padTokenId),
        fit,
        mostRows,
        mostTokens,
        cheapRows,
        workers);
  }

  /// Whether texts are to be encoded before their turn comes, so that those of a length are found.
  boolean needLengths() {
    return mostRows > 1 && fit != Fit.ANY;
  }

  /// Whether a run takes hardly longer with more texts, so that nobody waits for those of others.
  boolean areNearlyFree() {
    return fit == Fit.ANY;
  }

  /// Whether a text can stand in a batch with the one whose turn it is.
  boolean fit(Ticket first, Ticket other) {
    return switch (fit) {
      case EQUAL -> areEncoded(first, other) && first.tokens() == other.tokens();
      case NEAR -> areEncoded(first, other) && areNear(first.tokens(), other.tokens(), NEAR);
      case PACKED -> areEncoded(first, other) && areNear(first.tokens(), other.tokens(), PACKED);
      case ANY -> true;
    };
  }

  private static boolean areNear(int own, int others, int part) {
    return Math.abs(own - others) <= 1 + Math.min(own, others) / part;
  }

  /// How many runs those make that wait, which is how many workers it is worth while to have for
  /// them: as many as there are texts, or as few as take all of them where a run takes hardly
  /// longer with more.
  int runs() {
    return areNearlyFree() ? Math.ceilDiv(waiting, cheapRows) : waiting;
  }

  void placed() {
    waiting++;
  }

  void displaced() {
    waiting--;
  }

  private static boolean areEncoded(Ticket first, Ticket other) {
    return first.input().isEncoded() && other.input().isEncoded();
  }

  /// How many texts are run together, with one that was taken from those that wait: a worker's part
  /// of these, or as many as are cheap.
  int rows(Ticket first) {
    int rows = Math.max(1 + waiting / workers, Math.min(1 + waiting, cheapRows));
    rows = Math.min(mostRows, rows);
    return rows == 1 ? 1 : Math.clamp(mostTokens / Math.max(1, first.tokens()), 1, rows);
  }

  /// Places of a run of such texts that hold no token and are computed like those which do.
  ///
  /// @param lengths of the texts in tokens
  int padding(int[] lengths) {
    return switch (fit) {
      case PACKED, ANY -> 0;
      case EQUAL, NEAR ->
          lengths.length * Arrays.stream(lengths).max().orElse(0) - Arrays.stream(lengths).sum();
    };
  }

  float[][] logits(List<Encoding> texts, int padTokenId, List<Backend> rows) {
    return backend.logits(texts, padTokenId, rows);
  }
}
