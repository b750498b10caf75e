package dev.nunchi.nn;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Another interpreter with low-rank adapters beside some of its linear layers: written in that
/// one's own operations, so it lists their parameters, computes them, trains them or counts their
/// memory as that one does.
///
/// @param ops which does everything else
record LoraOps<T>(Ops<T> ops, Adapters adapters) implements Ops<T> {
  @Override
  public T linear(T x, Linear layer) {
    @Nullable LowRank adapter = adapters.layers().get(layer.name());
    return adapter == null
        ? ops.linear(x, layer)
        : adapter.apply(ops, x, layer, adapters.dropout());
  }

  @Override
  public T distanceScores(
      T x, T table, DistanceScores scores, BiFunction<T, Linear, T> projection) {
    return adapters.layers().containsKey(scores.projection().name())
        ? ops.distanceScores(x, table, scores, projection)
        : ops.distanceScores(x, table, scores);
  }

  @Override
  public T embedding(T ids, Embedding table) {
    return ops.embedding(ids, table);
  }

  @Override
  public T positions(T ids, Embedding table) {
    return ops.positions(ids, table);
  }

  @Override
  public T table(Embedding table) {
    return ops.table(table);
  }

  @Override
  public T scoped(Supplier<T> part) {
    return ops.scoped(part);
  }

  @Override
  public void release(T x) {
    ops.release(x);
  }

  @Override
  public T layer(T x, UnaryOperator<T> layer) {
    return ops.layer(x, layer);
  }

  @Override
  public T shared(T x) {
    return ops.shared(x);
  }

  @Override
  public T packed(T x, T attentionMask) {
    return ops.packed(x, attentionMask);
  }

  @Override
  public T magnitude(T x, Magnitude magnitude) {
    return ops.magnitude(x, magnitude);
  }

  @Override
  public T bias(T x, Bias bias) {
    return ops.bias(x, bias);
  }

  @Override
  public T layerNorm(T x, LayerNorm norm) {
    return ops.layerNorm(x, norm);
  }

  @Override
  public T rmsNorm(T x, RmsNorm norm) {
    return ops.rmsNorm(x, norm);
  }

  @Override
  public T add(T a, T b) {
    return ops.add(a, b);
  }

  @Override
  public T multiply(T a, T b) {
    return ops.multiply(a, b);
  }

  @Override
  public T scale(T x, double factor) {
    return ops.scale(x, factor);
  }

  @Override
  public T masked(T x, T attentionMask) {
    return ops.masked(x, attentionMask);
  }

  @Override
  public T unfold(T x, T attentionMask, int places) {
    return ops.unfold(x, attentionMask, places);
  }

  @Override
  public T part(T x, int part, int parts) {
    return ops.part(x, part, parts);
  }

  @Override
  public T activation(T x, Activation function) {
    return ops.activation(x, function);
  }

  @Override
  public T dropout(T x, double probability) {
    return ops.dropout(x, probability);
  }

  @Override
  public T rotary(T x, Rotary rotary) {
    return ops.rotary(x, rotary);
  }

  @Override
  public T attention(
      T query, T key, T value, @Nullable T scores, T attentionMask, Attention attention) {
    return ops.attention(query, key, value, scores, attentionMask, attention);
  }

  @Override
  public T token(T x, T attentionMask, Pooling which) {
    return ops.token(x, attentionMask, which);
  }

  @Override
  public T attentionOfToken(
      T query, T key, T value, T attentionMask, Attention attention, Pooling which) {
    return ops.attentionOfToken(query, key, value, attentionMask, attention, which);
  }

  @Override
  public T pool(T x, T attentionMask, Pooling pooling) {
    return ops.pool(x, attentionMask, pooling);
  }

  @Override
  public T ngrams(T ids, T attentionMask, Ngrams ngrams) {
    return ops.ngrams(ids, attentionMask, ngrams);
  }

  @Override
  public T openSyllables(T ids, int firstSyllable) {
    return ops.openSyllables(ids, firstSyllable);
  }

  @Override
  public T joined(List<T> numbers) {
    return ops.joined(numbers);
  }

  @Override
  public T bag(T numbers, Embedding table) {
    return ops.bag(numbers, table);
  }
}
