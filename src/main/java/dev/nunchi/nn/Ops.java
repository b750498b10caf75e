package dev.nunchi.nn;

/// The operations that networks are written in; `T` is the interpreter's tensor.
///
/// An interpreter owns the parameters and finds them by the layer's name. Every operation returns a
/// new tensor and leaves its arguments as they are. Axes: see the package's documentation.
public interface Ops<T> {
  /// Looks up rows: ids `[batch, seq]` to `[batch, seq, width]`.
  T embedding(T ids, Embedding table);

  /// The first `seq` rows of a table of learned positions, `[1, seq, width]`, where `seq` is the
  /// second axis of `ids` `[batch, seq]`.
  ///
  /// @throws RuntimeException where `seq` is over `table.rows()`
  T positions(T ids, Embedding table);

  /// `[…, in]` to `[…, out]`.
  T linear(T x, Linear layer);

  /// Same shape as `x`.
  T layerNorm(T x, LayerNorm norm);

  /// Element-wise sum; an axis of size 1 in `b` is repeated.
  T add(T a, T b);

  T activation(T x, Activation function);

  /// Zeroes a share `probability` of the elements and scales the others by `1 / (1 - probability)`
  /// while training; the identity otherwise.
  T dropout(T x, double probability);

  /// Bidirectional attention.
  ///
  /// @param query `[batch, seq, hidden]`, and so `key` and `value`
  /// @param attentionMask `[batch, seq]`, 1 for a token and 0 for padding, as the network's inputs
  ///   have it; no query attends to a padded key. A row of padding alone gives finite values.
  /// @return `[batch, seq, hidden]`, the heads joined
  T attention(T query, T key, T value, T attentionMask, Attention attention);

  /// The vector at one position of every text: `[batch, seq, hidden]` to `[batch, hidden]`.
  T select(T x, int position);
}
