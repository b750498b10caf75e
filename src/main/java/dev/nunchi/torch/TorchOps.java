package dev.nunchi.torch;

import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Bias;
import dev.nunchi.nn.DistanceScores;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Magnitude;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
import dev.nunchi.nn.Pooling;
import dev.nunchi.nn.RmsNorm;
import dev.nunchi.nn.Rotary;
import dev.nunchi.text.Syllable;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// The interpreter that computes and, outside a no-gradient scope, records what the backward pass
/// needs. One object serves one forward pass on one thread.
///
/// Parameters that are trained are fp32. In bf16 layers compute with casts of their weights, the
/// activations between layers are bf16, and norms and softmax gather their sums in fp32 inside
/// libtorch's kernels.
final class TorchOps implements Ops<Tensor> {
  private final ParameterStore parameters;
  private final CastWeights weights;
  private final ScalarType type;
  private final @Nullable DropoutMasks masks;
  private final @Nullable Checkpointing checkpointing;
  private final TorchAttention attention;

  /// @param weights of linear layers, in the type that they compute in
  /// @param masks of dropout, null for none
  /// @param checkpointing of the layers, null to keep what they computed
  /// @param attentionMask `[batch, seq]`, null where no row of the batch has padding, as attention
  ///   then needs no mask
  TorchOps(
      ParameterStore parameters,
      CastWeights weights,
      @Nullable DropoutMasks masks,
      @Nullable Checkpointing checkpointing,
      @Nullable Tensor attentionMask) {
    this.parameters = parameters;
    this.weights = weights;
    this.type = weights.type();
    this.masks = masks;
    this.checkpointing = checkpointing;
    this.attention = new TorchAttention(attentionMask, type, parameters.placement());
  }

  /// Autograd holds on to what it needs by itself.
  @Override
  public Tensor scoped(Supplier<Tensor> part) {
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope()) {
      Tensor result = part.get();
      outer.attach(result);
      return result;
    }
  }

  @Override
  public void release(Tensor x) {
    PointerScope.getInnerScope().detach(x);
  }

  @Override
  public Tensor layer(Tensor x, UnaryOperator<Tensor> layer) {
    return checkpointing == null ? layer.apply(x) : checkpointing.apply(x, layer);
  }

  @Override
  public Tensor shared(Tensor x) {
    return checkpointing == null ? x : checkpointing.shared(x);
  }

  @Override
  public Tensor embedding(Tensor ids, Embedding table) {
    return parameters.rows(table.weight(), ids, table.paddingIndex());
  }

  @Override
  public Tensor positions(Tensor ids, Embedding table) {
    long seq = ids.size(1);
    long first = table.paddingIndex() + 1;
    if (first + seq > table.rows()) {
      throw new IllegalArgumentException(
          "%d tokens, but %s has %d positions".formatted(seq, table.name(), table.rows() - first));
    }
    if (first == 0) {
      return parameters.get(table.weight()).narrow(0, 0, seq).unsqueeze(0).to(parameters.type());
    }
    Tensor counted = ids.ne(new Scalar((long) table.paddingIndex())).to(ScalarType.Long);
    Tensor rows = counted.cumsum(1).mul(counted).add(new Scalar((long) table.paddingIndex()));
    return embedding(rows, table);
  }

  @Override
  public Tensor table(Embedding table) {
    return parameters.get(table.weight()).unsqueeze(0).to(parameters.type());
  }

  @Override
  public Tensor linear(Tensor x, Linear layer) {
    return weights.linear(x.to(type), layer);
  }

  /// As in the paper, lengths are constants to the backward pass.
  @Override
  public Tensor magnitude(Tensor x, Magnitude magnitude) {
    Tensor update =
        parameters
            .get(magnitude.up().weight())
            .matmul(parameters.get(magnitude.down().weight()))
            .mul(new Scalar(magnitude.scale()));
    Tensor rows = weights.dense(magnitude.layer().weight()).add(update).detach();
    Tensor lengths = rows.norm(new ScalarOptional(new Scalar(2)), 1);
    return x.mul(parameters.get(magnitude.name()).div(lengths).to(x.scalar_type()));
  }

  @Override
  public Tensor bias(Tensor x, Bias bias) {
    return x.add(parameters.get(bias.name()).to(x.scalar_type()));
  }

  @Override
  public Tensor layerNorm(Tensor x, LayerNorm norm) {
    return torch.layer_norm(
        x,
        new long[] {norm.width()},
        new TensorOptional(parameters.get(norm.weight())),
        norm.bias() ? new TensorOptional(parameters.get(norm.biasName())) : new TensorOptional(),
        norm.epsilon(),
        false);
  }

  @Override
  public Tensor rmsNorm(Tensor x, RmsNorm norm) {
    Tensor groups = x.view(-1, norm.width());
    boolean isDouble = x.scalar_type().intern() == ScalarType.Double;
    Tensor exact = isDouble ? groups : groups.to(ScalarType.Float);
    Tensor square = exact.mul(exact).mean(new long[] {1}, true, new ScalarTypeOptional());
    Tensor unit = exact.mul(square.add(new Scalar(norm.epsilon())).rsqrt());
    Tensor gamma = parameters.get(norm.weight());
    return unit.mul(norm.offset() == 0 ? gamma : gamma.add(new Scalar(norm.offset())))
        .to(x.scalar_type())
        .view(x.sizes());
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return a.add(b);
  }

  @Override
  public Tensor multiply(Tensor a, Tensor b) {
    return a.mul(b);
  }

  @Override
  public Tensor scale(Tensor x, double factor) {
    return x.mul(new Scalar(factor));
  }

  @Override
  public Tensor masked(Tensor x, Tensor attentionMask) {
    return attention.hasPadding() ? x.mul(attentionMask.unsqueeze(2).to(x.scalar_type())) : x;
  }

  @Override
  public Tensor unfold(Tensor x, Tensor attentionMask, int places) {
    long around = places / 2;
    Tensor longer =
        torch.constant_pad_nd(
            masked(x, attentionMask), new long[] {0, 0, around, around}, new Scalar(0.0));
    TensorVector moved = new TensorVector();
    for (int place = 0; place < places; place++) {
      moved.push_back(longer.narrow(1, place, x.size(1)));
    }
    return torch.cat(moved, -1);
  }

  @Override
  public Tensor part(Tensor x, int part, int parts) {
    long width = x.size(-1) / parts;
    return x.narrow(-1, part * width, width);
  }

  @Override
  public Tensor activation(Tensor x, Activation function) {
    return switch (function) {
      case GELU -> torch.gelu(x);
      case GELU_TANH -> torch.gelu(x, "tanh");
      case RELU -> torch.relu(x);
      case SILU -> torch.silu(x);
      case TANH -> torch.tanh(x);
    };
  }

  @Override
  public Tensor dropout(Tensor x, double probability) {
    return masks != null && probability > 0 ? x.mul(masks.next(x, probability)) : x;
  }

  @Override
  public Tensor rotary(Tensor x, Rotary rotary) {
    return attention.rotary(x, rotary);
  }

  @Override
  public Tensor attention(
      Tensor query,
      Tensor key,
      Tensor value,
      @Nullable Tensor scores,
      Tensor attentionMask,
      Attention kind) {
    return attention.attention(
        query,
        key,
        value,
        scores,
        kind,
        masks != null && kind.dropout() > 0,
        shares -> dropout(shares, kind.dropout()));
  }

  /// In memory of its own: libtorch multiplies a view with a weight in another way where the weight
  /// is frozen, and slower.
  @Override
  public Tensor token(Tensor x, Tensor attentionMask, Pooling which) {
    return pool(x, attentionMask, which).unsqueeze(1).contiguous();
  }

  @Override
  public Tensor attentionOfToken(
      Tensor query, Tensor key, Tensor value, Tensor attentionMask, Attention kind, Pooling which) {
    return attention.ofToken(
        query,
        key,
        value,
        kind,
        which,
        masks != null && kind.dropout() > 0,
        shares -> dropout(shares, kind.dropout()));
  }

  /// Only the rows that the text has are projected.
  @Override
  public Tensor distanceScores(
      Tensor x,
      Tensor table,
      DistanceScores scores,
      BiFunction<Tensor, Linear, Tensor> projection) {
    Tensor rows = table.index_select(1, attention.rows(scores, x.size(1)));
    return attention.distanceScores(x, projection.apply(rows, scores.projection()), scores);
  }

  @Override
  public Tensor pool(Tensor x, Tensor attentionMask, Pooling pooling) {
    return switch (pooling) {
      case FIRST -> x.select(1, 0);
      case LAST -> x.size(1) == 1 ? x.select(1, 0) : last(x, attentionMask);
      case MEAN -> mean(x, attentionMask);
    };
  }

  private Tensor last(Tensor x, Tensor attentionMask) {
    Tensor places = parameters.placement().range(x.size(1));
    Tensor last = attentionMask.mul(places).argmax(new LongOptional(1), true);
    return x.gather(1, last.unsqueeze(2).expand(x.size(0), 1, x.size(2))).squeeze(1);
  }

  private static Tensor mean(Tensor x, Tensor attentionMask) {
    Tensor kept = attentionMask.to(x.scalar_type()).unsqueeze(2);
    Tensor count = attentionMask.sum(new long[] {1}, true, new ScalarTypeOptional());
    return x.mul(kept)
        .sum(new long[] {1}, false, new ScalarTypeOptional())
        .div(count.clamp_min(new Scalar(1L)).to(x.scalar_type()));
  }

  @Override
  public Tensor ngrams(Tensor ids, Tensor attentionMask, Ngrams ngrams) {
    long seq = ids.size(1);
    Tensor longerIds = padded(ids, ngrams.most() - 1);
    Tensor longerMask = padded(attentionMask, ngrams.most() - 1);
    Tensor hash = torch.zeros_like(ids).add(new Scalar(ngrams.salt()));
    TensorVector sizes = new TensorVector();
    for (int n = 1; n <= ngrams.most(); n++) {
      hash =
          hash.mul(new Scalar(Ngrams.MULTIPLIER))
              .add(longerIds.narrow(1, n - 1, seq))
              .add(new Scalar(1L))
              .remainder(new Scalar(Ngrams.MODULUS));
      if (n >= ngrams.least()) {
        sizes.push_back(
            hash.remainder(new Scalar(ngrams.buckets() - 1L))
                .add(new Scalar(1L))
                .mul(longerMask.narrow(1, n - 1, seq)));
      }
    }
    return torch.cat(sizes, 1);
  }

  /// `[batch, seq]` with that many zeros after each row.
  private static Tensor padded(Tensor x, int places) {
    return torch.constant_pad_nd(x, new long[] {0, places}, new Scalar(0L));
  }

  @Override
  public Tensor openSyllables(Tensor ids, int firstSyllable) {
    Tensor number = ids.sub(new Scalar((long) firstSyllable));
    Tensor open = ids.sub(number.remainder(new Scalar((long) Syllable.FORMS)));
    Tensor isSyllable =
        number.ge(new Scalar(0L)).logical_and(number.lt(new Scalar((long) Syllable.COUNT)));
    return torch.where(isSyllable, open, ids);
  }

  @Override
  public Tensor joined(List<Tensor> numbers) {
    TensorVector all = new TensorVector();
    numbers.forEach(all::push_back);
    return torch.cat(all, 1);
  }

  @Override
  public Tensor bag(Tensor numbers, Embedding table) {
    Tensor count = numbers.ne(new Scalar(0L)).sum(new long[] {1}, true, new ScalarTypeOptional());
    // With a sparse gradient: a batch touches few rows.
    return torch
        .embedding(parameters.get(table.weight()), numbers, table.paddingIndex(), false, true)
        .sum(1)
        .div(count.to(parameters.type()).clamp_min(new Scalar(1.0)).sqrt());
  }
}
