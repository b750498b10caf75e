package dev.nunchi.train;

import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Bias;
import dev.nunchi.nn.DistanceScores;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.Inputs;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Magnitude;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
import dev.nunchi.nn.Pooling;
import dev.nunchi.nn.RmsNorm;
import dev.nunchi.nn.Rotary;
import dev.nunchi.nn.ShapeOps;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The interpreter that adds up what a forward pass in libtorch keeps for the backward pass: of
/// each operation the tensors that its derivative reads, each tensor once.
final class KeptActivations implements Ops<KeptActivations.Value> {
  /// A tensor without numbers.
  static final class Value {
    private final List<Integer> shape;
    private final int elementBytes;
    private final boolean learns;
    private boolean kept;

    /// @param learns whether a parameter that is trained had part in it, so that a gradient comes
    ///   back to it
    private Value(List<Integer> shape, int elementBytes, boolean learns) {
      this.shape = shape;
      this.elementBytes = elementBytes;
      this.learns = learns;
    }

    private long bytes() {
      return shape.stream().mapToLong(Integer::longValue).reduce(elementBytes, Math::multiplyExact);
    }
  }

  private final ShapeOps shapes = new ShapeOps();
  private final int elementBytes;
  private final Set<String> trained;
  private final boolean checkpointing;
  private long bytes;
  private long widestLayer;
  private long largest;
  private long sparse;

  private KeptActivations(int elementBytes, Set<String> trained, boolean checkpointing) {
    this.elementBytes = elementBytes;
    this.trained = trained;
    this.checkpointing = checkpointing;
  }

  /// Runs a network over a batch.
  ///
  /// @param elementBytes of a number that the layers compute
  /// @param trained parameters that gather gradients, by name
  /// @param checkpointing whether a layer keeps what goes in alone, until it is computed once more
  static KeptActivations of(
      Network network,
      int rows,
      int seq,
      int elementBytes,
      Set<String> trained,
      boolean checkpointing) {
    KeptActivations kept = new KeptActivations(elementBytes, trained, checkpointing);
    Value ids = new Value(List.of(rows, seq), Long.BYTES, false);
    Value unused = network.logits(kept, new Inputs<>(ids, ids, ids));
    return kept;
  }

  long bytes() {
    return bytes + widestLayer;
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
  public Value layer(Value x, UnaryOperator<Value> layer) {
    if (!checkpointing) {
      return layer.apply(x);
    }
    keep(x);
    long outside = bytes;
    Value result = layer.apply(x);
    widestLayer = Math.max(widestLayer, bytes - outside);
    bytes = outside;
    return value(result.shape, result.elementBytes, result.learns);
  }

  @Override
  public Value embedding(Value ids, Embedding table) {
    boolean learns = trained.contains(table.weight());
    if (learns) {
      keep(ids);
    }
    return value(shapes.embedding(ids.shape, table), Float.BYTES, learns);
  }

  @Override
  public Value positions(Value ids, Embedding table) {
    return value(shapes.positions(ids.shape, table), Float.BYTES, trained.contains(table.weight()));
  }

  @Override
  public Value table(Embedding table) {
    return value(shapes.table(table), Float.BYTES, trained.contains(table.weight()));
  }

  /// The gradient of the input reads the weight alone.
  @Override
  public Value linear(Value x, Linear layer) {
    boolean weightLearns = trained.contains(layer.weight());
    // A cast is another tensor.
    Value cast = x.elementBytes == elementBytes ? x : value(x.shape, elementBytes, x.learns);
    if (weightLearns) {
      keep(cast);
    }
    boolean biasLearns = layer.bias() && trained.contains(layer.biasName());
    return value(
        shapes.linear(x.shape, layer), elementBytes, x.learns || weightLearns || biasLearns);
  }

  @Override
  public Value magnitude(Value x, Magnitude magnitude) {
    keepFor(trained.contains(magnitude.name()), x);
    return value(
        shapes.magnitude(x.shape, magnitude),
        x.elementBytes,
        x.learns || trained.contains(magnitude.name()));
  }

  @Override
  public Value bias(Value x, Bias bias) {
    return value(
        shapes.bias(x.shape, bias), x.elementBytes, x.learns || trained.contains(bias.name()));
  }

  @Override
  public Value layerNorm(Value x, LayerNorm norm) {
    boolean learns = x.learns || trained.contains(norm.weight());
    keepFor(learns, x);
    return value(shapes.layerNorm(x.shape, norm), x.elementBytes, learns);
  }

  @Override
  public Value rmsNorm(Value x, RmsNorm norm) {
    boolean learns = x.learns || trained.contains(norm.weight());
    // In fp32, and divided by the root.
    keepFor(learns, x.elementBytes == Float.BYTES ? x : value(x.shape, Float.BYTES, learns));
    keepFor(learns, value(x.shape, Float.BYTES, learns));
    return value(shapes.rmsNorm(x.shape, norm), x.elementBytes, learns);
  }

  @Override
  public Value add(Value a, Value b) {
    return value(
        shapes.add(a.shape, b.shape),
        Math.max(a.elementBytes, b.elementBytes),
        a.learns || b.learns);
  }

  @Override
  public Value multiply(Value a, Value b) {
    keepFor(b.learns, a);
    keepFor(a.learns, b);
    return value(
        shapes.multiply(a.shape, b.shape),
        Math.max(a.elementBytes, b.elementBytes),
        a.learns || b.learns);
  }

  @Override
  public Value scale(Value x, double factor) {
    return value(shapes.scale(x.shape, factor), x.elementBytes, x.learns);
  }

  @Override
  public Value masked(Value x, Value attentionMask) {
    return value(shapes.masked(x.shape, attentionMask.shape), x.elementBytes, x.learns);
  }

  @Override
  public Value unfold(Value x, Value attentionMask, int places) {
    return value(shapes.unfold(x.shape, attentionMask.shape, places), x.elementBytes, x.learns);
  }

  /// A view.
  @Override
  public Value part(Value x, int part, int parts) {
    return value(shapes.part(x.shape, part, parts), x.elementBytes, x.learns);
  }

  @Override
  public Value activation(Value x, Activation function) {
    Value result = value(shapes.activation(x.shape, function), x.elementBytes, x.learns);
    switch (function) {
      case GELU, GELU_TANH, SILU -> keepFor(x.learns, x);
      case RELU, TANH -> keepFor(x.learns, result);
    }
    return result;
  }

  @Override
  public Value dropout(Value x, double probability) {
    if (probability == 0) {
      return x;
    }
    keepFor(x.learns, value(x.shape, x.elementBytes, false)); // The mask.
    return value(shapes.dropout(x.shape, probability), x.elementBytes, x.learns);
  }

  @Override
  public Value rotary(Value x, Rotary rotary) {
    return value(shapes.rotary(x.shape, rotary), x.elementBytes, x.learns);
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
    boolean learns = query.learns || key.learns || value.learns || scores != null && scores.learns;
    return attended(query, key, value, scores != null, attention, result, learns);
  }

  @Override
  public Value token(Value x, Value attentionMask, Pooling which) {
    return value(shapes.token(x.shape, attentionMask.shape, which), x.elementBytes, x.learns);
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
    boolean learns = query.learns || key.learns || value.learns;
    return attended(query, key, value, false, attention, result, learns);
  }

  private Value attended(
      Value query,
      Value key,
      Value value,
      boolean hasTerms,
      Attention attention,
      List<Integer> shape,
      boolean learns) {
    // Each with the heads apart.
    List.of(query, key, value)
        .forEach(one -> keepFor(learns, value(one.shape, elementBytes, learns)));
    Value result = value(shape, elementBytes, learns);
    boolean capped = attention.softCap() > 0;
    if (attention.dropout() > 0 || elementBytes < Float.BYTES || hasTerms || capped) {
      List<Integer> square =
          List.of(query.shape.get(0), attention.heads(), query.shape.get(1), key.shape.get(1));
      Value probabilities = value(square, elementBytes, learns);
      keepFor(learns, probabilities);
      keepFor(learns, dropout(probabilities, attention.dropout()));
      if (capped) {
        keepFor(learns, value(square, elementBytes, learns)); // What tanh gave.
      }
    } else {
      keepFor(learns, result);
    }
    return result;
  }

  @Override
  public Value distanceScores(
      Value x, Value table, DistanceScores scores, BiFunction<Value, Linear, Value> projection) {
    int seq = x.shape.get(1);
    List<Integer> rows = List.of(1, 2 * seq, table.shape.get(2));
    Value projected =
        projection.apply(value(rows, table.elementBytes, table.learns), scores.projection());
    boolean learns = x.learns || projected.learns;
    keepFor(learns, x);
    keepFor(learns, projected);
    // The products, of which a view is read.
    Value products =
        value(List.of(x.shape.get(0), scores.heads(), seq, 2 * seq), x.elementBytes, learns);
    return value(
        shapes.distanceScores(x.shape, table.shape, scores), products.elementBytes, learns);
  }

  @Override
  public Value pool(Value x, Value attentionMask, Pooling pooling) {
    keepFor(x.learns, x);
    return value(shapes.pool(x.shape, attentionMask.shape, pooling), x.elementBytes, x.learns);
  }

  @Override
  public Value ngrams(Value ids, Value attentionMask, Ngrams ngrams) {
    return value(shapes.ngrams(ids.shape, attentionMask.shape, ngrams), Long.BYTES, false);
  }

  @Override
  public Value openSyllables(Value ids, int firstSyllable) {
    return value(shapes.openSyllables(ids.shape, firstSyllable), Long.BYTES, false);
  }

  @Override
  public Value joined(List<Value> numbers) {
    return value(
        shapes.joined(numbers.stream().map(part -> part.shape).toList()), Long.BYTES, false);
  }

  @Override
  public Value bag(Value numbers, Embedding table) {
    sparse += (long) table.rows() * table.width();
    keep(numbers);
    // The rows, and their gradients.
    for (int i = 0; i < 2; i++) {
      keep(
          value(
              List.of(numbers.shape.get(0), numbers.shape.get(1), table.width()),
              Float.BYTES,
              true));
    }
    return value(shapes.bag(numbers.shape, table), Float.BYTES, true);
  }

  private Value value(List<Integer> shape, int elementBytes, boolean learns) {
    Value value = new Value(shape, elementBytes, learns);
    largest = Math.max(largest, value.bytes());
    return value;
  }

  private void keepFor(boolean learns, Value value) {
    if (learns) {
      keep(value);
    }
  }

  private void keep(Value value) {
    if (!value.kept) {
      value.kept = true;
      bytes += value.bytes();
    }
  }
}
