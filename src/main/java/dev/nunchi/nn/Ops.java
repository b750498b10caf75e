package dev.nunchi.nn;

import java.util.List;
import java.util.function.Supplier;

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

  /// What `part` gives. An interpreter that owns memory frees what else the part made, but for what
  /// a backward pass needs of it.
  default T scoped(Supplier<T> part) {
    return part.get();
  }

  /// Says that `x`, which [#scoped] gave, is not read again, so that its memory may be freed.
  default void release(T x) {}

  /// `[…, in]` to `[…, out]`.
  T linear(T x, Linear layer);

  /// Same shape as `x`.
  T bias(T x, Bias bias);

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

  /// Numbers of the n-grams of tokens, size after size: ids `[batch, seq]` to whole numbers
  /// `[batch, sizes · seq]`.
  ///
  /// @param attentionMask `[batch, seq]`, as the network's inputs have it; padding stands at the
  ///   end
  T ngrams(T ids, T attentionMask, Ngrams ngrams);

  /// The id of each Hangul syllable's open form, the syllable without its final consonant (한 to 하);
  /// other ids stay. Same shape as `ids`.
  ///
  /// @param firstSyllable id of 가, from which all 11,172 syllables follow in Unicode's order
  T openSyllables(T ids, int firstSyllable);

  /// The sum of the rows that `numbers` names over the square root of how many they are; numbers 0
  /// do not count: whole numbers, each `[batch, any]`, to `[batch, width]`.
  ///
  /// @param table whose padding index is 0
  T bag(List<T> numbers, Embedding table);
}
