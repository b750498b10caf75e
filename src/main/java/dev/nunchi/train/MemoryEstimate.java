package dev.nunchi.train;

import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Bias;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.Inputs;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.ShapeOps;
import java.util.Arrays;
import java.util.List;

/// Bytes that training a network takes, beside the program itself and the texts.
///
/// @param parameters the weights in fp32, and their copies in bf16
/// @param gradients as many as weights, but for tables of n-grams under Adagrad, of which only a
///   batch's rows have any
/// @param optimizer both moments of Adam or the sums of Adagrad, and the average of the weights
/// @param activations what the largest batch keeps for the backward pass, and what that takes
///   beside
public record MemoryEstimate(long parameters, long gradients, long optimizer, long activations) {
  /// How much more the passes take than the forward pass keeps: gradients of the activations, and
  /// room that the allocator cannot use again (measured at 1.9 to 2.0).
  private static final int BACKWARD = 2;

  public long total() {
    return parameters + gradients + optimizer + activations;
  }

  /// @param batches rows of each batch
  /// @param lengths tokens of each row
  static MemoryEstimate of(Recipe recipe, Network network, List<int[]> batches, int[] lengths) {
    long weights = network.parameters().stream().mapToLong(Parameter::size).sum();
    boolean bf16 = recipe.optimization().bf16();
    boolean adagrad = recipe.optimization().optim() == Recipe.Optimizer.ADAGRAD;
    int states = (adagrad ? 1 : 2) + (recipe.optimization().emaDecay() > 0 ? 1 : 0);
    long activations = 0;
    long sparse = 0;
    for (int[] batch : batches) {
      int longest = Arrays.stream(batch).map(row -> lengths[row]).max().orElse(0);
      Kept kept = new Kept(bf16 ? Short.BYTES : Float.BYTES);
      List<Integer> ids = List.of(batch.length, longest);
      List<Integer> unused = network.logits(kept, new Inputs<>(ids, ids, ids));
      activations = Math.max(activations, kept.bytes);
      sparse = kept.sparse;
    }
    return new MemoryEstimate(
        weights * (Float.BYTES + (bf16 ? Short.BYTES : 0)),
        (adagrad ? weights - sparse : weights) * Float.BYTES,
        weights * Float.BYTES * states,
        activations * BACKWARD);
  }

  /// The interpreter that adds up what each operation keeps for the backward pass.
  private static final class Kept implements Ops<List<Integer>> {
    private final ShapeOps shapes = new ShapeOps();
    private final int elementBytes;
    private long bytes;

    /// Weights of tables that have sparse gradients.
    private long sparse;

    Kept(int elementBytes) {
      this.elementBytes = elementBytes;
    }

    @Override
    public List<Integer> embedding(List<Integer> ids, Embedding table) {
      return keep(shapes.embedding(ids, table), Float.BYTES);
    }

    @Override
    public List<Integer> positions(List<Integer> ids, Embedding table) {
      return shapes.positions(ids, table);
    }

    @Override
    public List<Integer> linear(List<Integer> x, Linear layer) {
      return keep(shapes.linear(x, layer), elementBytes);
    }

    @Override
    public List<Integer> bias(List<Integer> x, Bias bias) {
      return keep(shapes.bias(x, bias), elementBytes);
    }

    @Override
    public List<Integer> layerNorm(List<Integer> x, LayerNorm norm) {
      return keep(shapes.layerNorm(x, norm), elementBytes);
    }

    @Override
    public List<Integer> add(List<Integer> a, List<Integer> b) {
      return keep(shapes.add(a, b), elementBytes);
    }

    @Override
    public List<Integer> activation(List<Integer> x, Activation function) {
      return keep(shapes.activation(x, function), elementBytes);
    }

    @Override
    public List<Integer> dropout(List<Integer> x, double probability) {
      if (probability > 0) {
        // The mask, and the product.
        keep(keep(x, elementBytes), elementBytes);
      }
      return shapes.dropout(x, probability);
    }

    @Override
    public List<Integer> attention(
        List<Integer> query,
        List<Integer> key,
        List<Integer> value,
        List<Integer> attentionMask,
        Attention attention) {
      int seq = query.get(1);
      List<Integer> scores = List.of(query.get(0), attention.heads(), seq, seq);
      // Scores, and what softmax makes of them.
      dropout(keep(keep(scores, elementBytes), elementBytes), attention.dropout());
      return keep(shapes.attention(query, key, value, attentionMask, attention), elementBytes);
    }

    @Override
    public List<Integer> select(List<Integer> x, int position) {
      return keep(shapes.select(x, position), elementBytes);
    }

    @Override
    public List<Integer> ngrams(List<Integer> ids, List<Integer> attentionMask, Ngrams ngrams) {
      return keep(shapes.ngrams(ids, attentionMask, ngrams), Long.BYTES);
    }

    @Override
    public List<Integer> openSyllables(List<Integer> ids, int firstSyllable) {
      return keep(shapes.openSyllables(ids, firstSyllable), Long.BYTES);
    }

    @Override
    public List<Integer> bag(List<List<Integer>> numbers, Embedding table) {
      sparse += (long) table.rows() * table.width();
      numbers.forEach(part -> keep(List.of(part.get(0), part.get(1), table.width()), Float.BYTES));
      return keep(shapes.bag(numbers, table), Float.BYTES);
    }

    private List<Integer> keep(List<Integer> shape, int bytesOfOne) {
      bytes +=
          shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact) * bytesOfOne;
      return shape;
    }
  }
}
