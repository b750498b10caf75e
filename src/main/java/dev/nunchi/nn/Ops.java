package dev.nunchi.nn;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The operations that networks are written in; `T` is the interpreter's tensor.
///
/// An interpreter owns the parameters and finds them by the layer's name. Every operation returns a
/// new tensor and leaves its arguments as they are. Axes: see the package's documentation.
public interface Ops<T> {
  /// Looks up rows: ids `[batch, seq]` to `[batch, seq, width]`.
  T embedding(T ids, Embedding table);

  /// The rows of a table of learned positions.
  ///
  /// Of a table without a padding index the first `seq` rows, `[1, seq, width]`, where `seq` is the
  /// second axis of `ids` `[batch, seq]`. With one, the row that each id counts to, `[batch, seq,
  /// width]`: of ids that are not the padding index the first counts to the row after it, the next
  /// to the row after that, and padding has the row of its index (RoBERTa).
  ///
  /// @throws RuntimeException where a row is over `table.rows()`
  T positions(T ids, Embedding table);

  /// The whole table, `[1, rows, width]`.
  T table(Embedding table);

  /// What `part` gives. An interpreter that owns memory frees what else the part made, but for what
  /// a backward pass needs of it.
  default T scoped(Supplier<T> part) {
    return part.get();
  }

  /// Says that `x`, which [#scoped] gave, is not read again, so that its memory may be freed.
  default void release(T x) {}

  /// One layer of the network, which leaves `x` to the caller. An interpreter may forget what the
  /// layer computed, and compute it once more when a backward pass needs it.
  ///
  /// @param layer reads nothing that has a gradient but what it is given, parameters, and what
  ///   [#shared] gave
  default T layer(T x, UnaryOperator<T> layer) {
    return layer.apply(x);
  }

  /// `x`, as several layers read it.
  default T shared(T x) {
    return x;
  }

  /// `x` `[batch, seq, width]` for layers that look across the tokens of a text by [#attention]
  /// alone. An interpreter may leave out the vectors of padding, which nothing else than these
  /// layers, [#token] and [#pool] may read then.
  ///
  /// @param attentionMask `[batch, seq]`, as the network's inputs have it
  default T packed(T x, T attentionMask) {
    return x;
  }

  /// `[…, in]` to `[…, out]`.
  T linear(T x, Linear layer);

  /// `x` `[…, out]` times `m / ‖W + s·B·A‖`: of each row of an adapted weight the magnitude that is
  /// trained over the row's length, to which no gradient flows.
  T magnitude(T x, Magnitude magnitude);

  /// Same shape as `x`.
  T bias(T x, Bias bias);

  /// Same shape as `x`.
  T layerNorm(T x, LayerNorm norm);

  /// Same shape as `x`, whose last axis is that of the norm, or several of its width side by side,
  /// each normalised by itself (as heads are).
  T rmsNorm(T x, RmsNorm norm);

  /// Element-wise sum; an axis of size 1 in `b` is repeated.
  T add(T a, T b);

  /// Element-wise product of equal shapes.
  T multiply(T a, T b);

  /// `factor · x`.
  T scale(T x, double factor);

  /// `x` `[batch, seq, width]` with zeros for the vectors of padding.
  ///
  /// @param attentionMask `[batch, seq]`, as the network's inputs have it
  T masked(T x, T attentionMask);

  /// The vectors of the tokens around each one side by side, itself in the middle and the earliest
  /// first, zeros beyond both ends of the text: `[batch, seq, width]` to `[batch, seq, places ·
  /// width]`. A linear layer of it is a convolution.
  ///
  /// @param places how many tokens, an odd number
  /// @param attentionMask `[batch, seq]`, as the network's inputs have it; padding stands at the
  ///   end
  T unfold(T x, T attentionMask, int places);

  /// One of equal parts of the last axis: `[…, parts · width]` to `[…, width]`.
  ///
  /// @param part in `[0, parts)`
  T part(T x, int part, int parts);

  T activation(T x, Activation function);

  /// Zeroes a share `probability` of the elements and scales the others by `1 / (1 - probability)`
  /// while training; the identity otherwise.
  T dropout(T x, double probability);

  /// Turns each head of queries or keys by its position: `[batch, seq, heads · head_dim]`,
  /// positions from 0.
  T rotary(T x, Rotary rotary);

  /// Attention of a text's tokens to each other.
  ///
  /// @param query `[batch, seq, heads · head_dim]`
  /// @param key `[batch, seq, keyHeads · head_dim]`, and so `value`
  /// @param attentionMask `[batch, seq]`, 1 for a token and 0 for padding, as the network's inputs
  ///   have it; no query attends to a padded key. Where a query sees no key at all its shares are
  ///   equal, so that a row of padding alone gives finite values.
  /// @return the shape of `query`, the heads joined
  default T attention(T query, T key, T value, T attentionMask, Attention attention) {
    return attention(query, key, value, null, attentionMask, attention);
  }

  /// The same with a term of each pair of tokens.
  ///
  /// @param scores `[batch, heads, seq, seq]`, added to the scaled products before cap and mask;
  ///   null for none
  T attention(T query, T key, T value, @Nullable T scores, T attentionMask, Attention attention);

  /// The vector of one token of each text, `[batch, 1, width]` of `[batch, seq, width]`.
  ///
  /// @param which [Pooling#FIRST] or [Pooling#LAST]
  /// @param attentionMask `[batch, seq]`, as the network's inputs have it
  T token(T x, T attentionMask, Pooling which);

  /// The [#token] of what [#attention] gives, for no more than its price: `[batch, 1, heads ·
  /// head_dim]`.
  ///
  /// @param query the token's alone, `[batch, 1, heads · head_dim]`
  /// @param which [Pooling#FIRST], or [Pooling#LAST] where attention has no window
  T attentionOfToken(T query, T key, T value, T attentionMask, Attention attention, Pooling which);

  /// Scores of pairs of tokens by their distance, `[batch, heads, seq, seq]`, as [#attention] adds
  /// them.
  ///
  /// @param x queries or keys, `[batch, seq, heads · head_dim]`
  /// @param table of the distances, `[1, rows, width]`, before its projection
  default T distanceScores(T x, T table, DistanceScores scores) {
    return distanceScores(x, table, scores, this::linear);
  }

  /// The same with a projection of the caller's, as where its layer is adapted.
  ///
  /// @param projection applies a layer to rows of the table
  T distanceScores(T x, T table, DistanceScores scores, BiFunction<T, Linear, T> projection);

  /// One vector of every text: `[batch, seq, hidden]` to `[batch, hidden]`.
  ///
  /// [Pooling#FIRST] and [Pooling#LAST] of what [#token] gave are its one vector.
  ///
  /// @param attentionMask `[batch, seq]`, as the network's inputs have it; [Pooling#FIRST] does not
  ///   read it
  T pool(T x, T attentionMask, Pooling pooling);

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

  /// Whole numbers `[batch, any]`, one after the other.
  T joined(List<T> numbers);

  /// The sum of the rows that `numbers` names over the square root of how many they are; numbers 0
  /// do not count: whole numbers `[batch, any]` to `[batch, width]`.
  ///
  /// @param table whose padding index is 0
  T bag(T numbers, Embedding table);
}
