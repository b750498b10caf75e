package dev.nunchi.torch;

import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Bias;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
import dev.nunchi.text.Syllable;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
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
/// Parameters are fp32. In bf16 layers compute with casts of their weights, the activations between
/// layers are bf16, and norms and softmax gather their sums in fp32 inside libtorch's kernels.
final class TorchOps implements Ops<Tensor> {
  private static final double LARGEST_BF16 = 0x1.fep127;

  private final ParameterStore parameters;
  private final CastWeights weights;
  private final ScalarType type;
  private final @Nullable DropoutMasks masks;
  private final @Nullable Tensor additiveMask;

  /// @param weights of linear layers, in the type that they compute in
  /// @param masks of dropout, null for none
  /// @param attentionMask `[batch, seq]`, null where no row of the batch has padding, as attention
  ///   then needs no mask
  TorchOps(
      ParameterStore parameters,
      CastWeights weights,
      @Nullable DropoutMasks masks,
      @Nullable Tensor attentionMask) {
    this.parameters = parameters;
    this.weights = weights;
    this.type = weights.type();
    this.masks = masks;
    this.additiveMask = attentionMask == null ? null : additive(attentionMask, type);
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
  public Tensor embedding(Tensor ids, Embedding table) {
    return torch.embedding(parameters.get(table.weight()), ids, table.paddingIndex(), false, false);
  }

  @Override
  public Tensor positions(Tensor ids, Embedding table) {
    long seq = ids.size(1);
    if (seq > table.rows()) {
      throw new IllegalArgumentException(
          "%d tokens, but %s has %d positions".formatted(seq, table.name(), table.rows()));
    }
    return parameters.get(table.weight()).narrow(0, 0, seq).unsqueeze(0);
  }

  @Override
  public Tensor linear(Tensor x, Linear layer) {
    Tensor weight = weights.get(layer.weight());
    return layer.bias()
        ? torch.linear(x.to(type), weight, new TensorOptional(weights.get(layer.biasName())))
        : torch.linear(x.to(type), weight);
  }

  @Override
  public Tensor bias(Tensor x, Bias bias) {
    return x.add(parameters.get(bias.name()));
  }

  @Override
  public Tensor layerNorm(Tensor x, LayerNorm norm) {
    return torch.layer_norm(
        x,
        new long[] {norm.width()},
        new TensorOptional(parameters.get(norm.weight())),
        new TensorOptional(parameters.get(norm.biasName())),
        norm.epsilon(),
        false);
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return a.add(b);
  }

  @Override
  public Tensor activation(Tensor x, Activation function) {
    return switch (function) {
      case GELU -> torch.gelu(x);
      case GELU_TANH -> torch.gelu(x, "tanh");
      case RELU -> torch.relu(x);
      case TANH -> torch.tanh(x);
    };
  }

  @Override
  public Tensor dropout(Tensor x, double probability) {
    return masks != null && probability > 0 ? x.mul(masks.next(x, probability)) : x;
  }

  @Override
  public Tensor attention(
      Tensor query, Tensor key, Tensor value, Tensor attentionMask, Attention attention) {
    Tensor q = heads(query, attention);
    Tensor k = heads(key, attention);
    Tensor v = heads(value, attention);
    boolean dropped = masks != null && attention.dropout() > 0;
    Tensor joined =
        dropped || type == ScalarType.BFloat16 ? composed(q, k, v, attention) : fused(q, k, v);
    return joined.transpose(1, 2).flatten(2, 3);
  }

  private Tensor fused(Tensor q, Tensor k, Tensor v) {
    return torch.scaled_dot_product_attention(
        q,
        k,
        v,
        additiveMask == null ? new TensorOptional() : new TensorOptional(additiveMask),
        0,
        false,
        new DoubleOptional(),
        false);
  }

  /// For dropout, which the fused kernel would draw itself, and for bf16: this libtorch build's
  /// fused kernel multiplies bf16 matrices without the processor's matrix instructions, which the
  /// separate products use.
  private Tensor composed(Tensor q, Tensor k, Tensor v, Attention attention) {
    // In place: the largest tensors of a layer, of which the backward pass reads none but
    // softmax's.
    Tensor scores =
        q.matmul(k.transpose(2, 3)).mul_(new Scalar(1 / Math.sqrt(attention.headDim())));
    Tensor masked = additiveMask == null ? scores : scores.add_(additiveMask);
    return dropout(torch.softmax(masked, -1), attention.dropout()).matmul(v);
  }

  @Override
  public Tensor select(Tensor x, int position) {
    return x.select(1, position);
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
  public Tensor bag(List<Tensor> parts, Embedding table) {
    TensorVector all = new TensorVector();
    parts.forEach(all::push_back);
    Tensor numbers = torch.cat(all, 1);
    Tensor count = numbers.ne(new Scalar(0L)).sum(new long[] {1}, true, new ScalarTypeOptional());
    // With a sparse gradient: a batch touches few rows.
    return torch
        .embedding(parameters.get(table.weight()), numbers, table.paddingIndex(), false, true)
        .sum(1)
        .div(count.to(ScalarType.Float).clamp_min(new Scalar(1.0)).sqrt());
  }

  /// `[batch, seq, hidden]` to `[batch, heads, seq, head_dim]`.
  private static Tensor heads(Tensor x, Attention attention) {
    return x.view(x.size(0), x.size(1), attention.heads(), attention.headDim()).transpose(1, 2);
  }

  /// `[batch, 1, 1, seq]`: 0 for a token, for padding the lowest finite number, so that a row of
  /// padding alone stays finite. Made once for all layers.
  private static Tensor additive(Tensor attentionMask, ScalarType type) {
    return attentionMask
        .to(ScalarType.Float)
        .sub(new Scalar(1.0))
        .mul(new Scalar(LARGEST_BF16))
        .to(type)
        .unsqueeze(1)
        .unsqueeze(1);
  }
}
