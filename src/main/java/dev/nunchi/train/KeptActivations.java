package dev.nunchi.train;

import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Bias;
import dev.nunchi.nn.DistanceScores;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.Inputs;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
import dev.nunchi.nn.Pooling;
import dev.nunchi.nn.RmsNorm;
import dev.nunchi.nn.Rotary;
import dev.nunchi.nn.ShapeOps;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The interpreter that adds up what a forward pass in libtorch keeps for the backward pass: of
/// each operation the tensors that its derivative reads, each tensor once.
final class KeptActivations implements Ops<KeptActivations.Value> {
  /// A tensor without numbers.
  static final class Value {
    private final List<Integer> shape;
    private final int elementBytes;
    private boolean kept;

    private Value(List<Integer> shape, int elementBytes) {
      this.shape = shape;
      this.elementBytes = elementBytes;
    }

    private long bytes() {
      return shape.stream().mapToLong(Integer::longValue).reduce(elementBytes, Math::multiplyExact);
    }
  }

  private final ShapeOps shapes = new ShapeOps();
  private final int elementBytes;
  private long bytes;
  private long largest;
  private long sparse;

  private KeptActivations(int elementBytes) {
    this.elementBytes = elementBytes;
  }

  /// Runs a network over a batch.
  ///
  /// @param elementBytes of a number that the layers compute
  static KeptActivations of(Network network, int rows, int seq, int elementBytes) {
    KeptActivations kept = new KeptActivations(elementBytes);
    Value ids = new Value(List.of(rows, seq), Long.BYTES);
    Value unused = network.logits(kept, new Inputs<>(ids, ids, ids));
    return kept;
  }

  long bytes() {
    return bytes;
  }

  /// Bytes of the largest tensor.
  long largest() {
    return largest;
  }

  /// Numbers in the tables that have sparse gradients.
  long sparse() {
    return sparse;
  }

  @Override
  public Value embedding(Value ids, Embedding table) {
    keep(ids);
    return value(shapes.embedding(ids.shape, table), Float.BYTES);
  }

  @Override
  public Value positions(Value ids, Embedding table) {
    return value(shapes.positions(ids.shape, table), Float.BYTES);
  }

  @Override
  public Value table(Embedding table) {
    return value(shapes.table(table), Float.BYTES);
  }

  @Override
  public Value linear(Value x, Linear layer) {
    // A cast is another tensor.
    keep(x.elementBytes == elementBytes ? x : value(x.shape, elementBytes));
    return value(shapes.linear(x.shape, layer), elementBytes);
  }

  @Override
  public Value bias(Value x, Bias bias) {
    return value(shapes.bias(x.shape, bias), x.elementBytes);
  }

  @Override
  public Value layerNorm(Value x, LayerNorm norm) {
    keep(x);
    return value(shapes.layerNorm(x.shape, norm), x.elementBytes);
  }

  @Override
  public Value rmsNorm(Value x, RmsNorm norm) {
    // In fp32, and divided by the root.
    keep(x.elementBytes == Float.BYTES ? x : value(x.shape, Float.BYTES));
    keep(value(x.shape, Float.BYTES));
    return value(shapes.rmsNorm(x.shape, norm), x.elementBytes);
  }

  @Override
  public Value add(Value a, Value b) {
    return value(shapes.add(a.shape, b.shape), Math.max(a.elementBytes, b.elementBytes));
  }

  @Override
  public Value multiply(Value a, Value b) {
    keep(a);
    keep(b);
    return value(shapes.multiply(a.shape, b.shape), Math.max(a.elementBytes, b.elementBytes));
  }

  @Override
  public Value scale(Value x, double factor) {
    return value(shapes.scale(x.shape, factor), x.elementBytes);
  }

  @Override
  public Value masked(Value x, Value attentionMask) {
    return value(shapes.masked(x.shape, attentionMask.shape), x.elementBytes);
  }

  /// A view.
  @Override
  public Value part(Value x, int part, int parts) {
    return value(shapes.part(x.shape, part, parts), x.elementBytes);
  }

  @Override
  public Value activation(Value x, Activation function) {
    Value result = value(shapes.activation(x.shape, function), x.elementBytes);
    switch (function) {
      case GELU, GELU_TANH, SILU -> keep(x);
      case RELU, TANH -> keep(result);
    }
    return result;
  }

  @Override
  public Value dropout(Value x, double probability) {
    if (probability == 0) {
      return x;
    }
    keep(value(x.shape, x.elementBytes)); // The mask.
    return value(shapes.dropout(x.shape, probability), x.elementBytes);
  }

  @Override
  public Value rotary(Value x, Rotary rotary) {
    return value(shapes.rotary(x.shape, rotary), x.elementBytes);
  }

  @Override
  public Value attention(
      Value query,
      Value key,
      Value value,
      @Nullable Value scores,
      Value attentionMask,
      Attention attention) {
    List<Integer> result =
        shapes.attention(
            query.shape,
            key.shape,
            value.shape,
            scores == null ? null : scores.shape,
            attentionMask.shape,
            attention);
    return attended(query, key, value, scores != null, attention, result);
  }

  @Override
  public Value token(Value x, Value attentionMask, Pooling which) {
    return value(shapes.token(x.shape, attentionMask.shape, which), x.elementBytes);
  }

  @Override
  public Value attentionOfToken(
      Value query,
      Value key,
      Value value,
      Value attentionMask,
      Attention attention,
      Pooling which) {
    List<Integer> result =
        shapes.attentionOfToken(
            query.shape, key.shape, value.shape, attentionMask.shape, attention, which);
    return attended(query, key, value, false, attention, result);
  }

  private Value attended(
      Value query,
      Value key,
      Value value,
      boolean hasTerms,
      Attention attention,
      List<Integer> shape) {
    // Each with the heads apart.
    List.of(query, key, value).forEach(one -> keep(value(one.shape, elementBytes)));
    Value result = value(shape, elementBytes);
    boolean capped = attention.softCap() > 0;
    if (attention.dropout() > 0 || elementBytes < Float.BYTES || hasTerms || capped) {
      List<Integer> square =
          List.of(query.shape.get(0), attention.heads(), query.shape.get(1), key.shape.get(1));
      Value probabilities = value(square, elementBytes);
      keep(probabilities);
      keep(dropout(probabilities, attention.dropout()));
      if (capped) {
        keep(value(square, elementBytes)); // What tanh gave.
      }
    } else {
      keep(result);
    }
    return result;
  }

  @Override
  public Value distanceScores(Value x, Value table, DistanceScores scores) {
    int seq = x.shape.get(1);
    List<Integer> rows = List.of(1, 2 * seq, table.shape.get(2));
    keep(x);
    keep(linear(value(rows, table.elementBytes), scores.projection()));
    // The products, of which a view is read.
    Value products = value(List.of(x.shape.get(0), scores.heads(), seq, 2 * seq), x.elementBytes);
    return value(shapes.distanceScores(x.shape, table.shape, scores), products.elementBytes);
  }

  @Override
  public Value pool(Value x, Value attentionMask, Pooling pooling) {
    keep(x);
    return value(shapes.pool(x.shape, attentionMask.shape, pooling), x.elementBytes);
  }

  @Override
  public Value ngrams(Value ids, Value attentionMask, Ngrams ngrams) {
    return value(shapes.ngrams(ids.shape, attentionMask.shape, ngrams), Long.BYTES);
  }

  @Override
  public Value openSyllables(Value ids, int firstSyllable) {
    return value(shapes.openSyllables(ids.shape, firstSyllable), Long.BYTES);
  }

  @Override
  public Value joined(List<Value> numbers) {
    return value(shapes.joined(numbers.stream().map(part -> part.shape).toList()), Long.BYTES);
  }

  @Override
  public Value bag(Value numbers, Embedding table) {
    sparse += (long) table.rows() * table.width();
    keep(numbers);
    // The rows, and their gradients.
    for (int i = 0; i < 2; i++) {
      keep(value(List.of(numbers.shape.get(0), numbers.shape.get(1), table.width()), Float.BYTES));
    }
    return value(shapes.bag(numbers.shape, table), Float.BYTES);
  }

  private Value value(List<Integer> shape, int elementBytes) {
    Value value = new Value(shape, elementBytes);
    largest = Math.max(largest, value.bytes());
    return value;
  }

  private void keep(Value value) {
    if (!value.kept) {
      value.kept = true;
      bytes += value.bytes();
    }
  }
}
