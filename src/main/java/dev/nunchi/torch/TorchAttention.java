package dev.nunchi.torch;

import dev.nunchi.nn.Attention;
import dev.nunchi.nn.DistanceScores;
import dev.nunchi.nn.Pooling;
import dev.nunchi.nn.RelativePositions;
import dev.nunchi.nn.Rotary;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// Attention in libtorch, with what all layers of one forward pass share: masks, and the angles of
/// rotary positions. These live as long as the scope that was open when it was made.
final class TorchAttention {
  private static final double LARGEST_BF16 = 0x1.fep127;

  private final PointerScope home = PointerScope.getInnerScope();
  private final ScalarType type;
  private final Placement placement;
  private final @Nullable Tensor padding;
  private final Map<Window, Tensor> masks = new HashMap<>();
  private final Map<Rotary, Tensor[]> angles = new HashMap<>();

  private final Map<Distances, Tensor> rows = new HashMap<>();

  private record Distances(RelativePositions positions, boolean ofKeys) {}

  private record Window(boolean causal, int reach) {}

  /// @param attentionMask `[batch, seq]`, null where no row of the batch has padding, as attention
  ///   then needs no mask
  TorchAttention(@Nullable Tensor attentionMask, ScalarType type, Placement placement) {
    this.type = type;
    this.placement = placement;
    this.padding = attentionMask == null ? null : additive(attentionMask).unsqueeze(1).unsqueeze(1);
  }

  /// @param dropout of the shares
  /// @param drops whether dropout does anything
  Tensor attention(
      Tensor query,
      Tensor key,
      Tensor value,
      @Nullable Tensor scores,
      Attention attention,
      boolean drops,
      UnaryOperator<Tensor> dropout) {
    @Nullable Tensor mask = mask(attention, key.size(1));
    return masked(query, key, value, scores, mask, attention, drops, dropout);
  }

  /// Attention of one token of each text.
  ///
  /// @param query `[batch, 1, heads · head_dim]`
  /// @param which see [dev.nunchi.nn.Ops#attentionOfToken]
  Tensor ofToken(
      Tensor query,
      Tensor key,
      Tensor value,
      Attention attention,
      Pooling which,
      boolean drops,
      UnaryOperator<Tensor> dropout) {
    @Nullable Tensor mask =
        which == Pooling.FIRST ? firstRow(mask(attention, key.size(1))) : padding;
    return masked(query, key, value, null, mask, attention, drops, dropout);
  }

  /// The first query's, of a mask that has a row for all or for each.
  private static @Nullable Tensor firstRow(@Nullable Tensor mask) {
    return mask == null ? null : mask.narrow(-2, 0, 1);
  }

  private Tensor masked(
      Tensor query,
      Tensor key,
      Tensor value,
      @Nullable Tensor scores,
      @Nullable Tensor mask,
      Attention attention,
      boolean drops,
      UnaryOperator<Tensor> dropout) {
    Tensor q = heads(query, attention.heads(), attention);
    Tensor k = heads(key, attention.keyHeads(), attention);
    Tensor v = heads(value, attention.keyHeads(), attention);
    boolean composed =
        drops
            || scores != null
            || attention.softCap() > 0
            || placement.isHost() && type == ScalarType.BFloat16;
    Tensor joined =
        composed
            ? composed(q, k, v, scores, mask, attention, dropout)
            : fused(q, k, v, mask, attention);
    return joined.transpose(1, 2).flatten(2, 3);
  }

  private static Tensor fused(
      Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, Attention attention) {
    return torch.scaled_dot_product_attention(
        q,
        k,
        v,
        mask == null ? new TensorOptional() : new TensorOptional(mask),
        0,
        false,
        new DoubleOptional(attention.scale()),
        attention.heads() != attention.keyHeads());
  }

  /// For dropout, which the fused kernel would draw itself, for terms and caps that it has not, and
  /// for bf16 on a CPU: this libtorch build's fused kernel multiplies bf16 matrices without the
  /// processor's matrix instructions, which the separate products use.
  private static Tensor composed(
      Tensor q,
      Tensor k,
      Tensor v,
      @Nullable Tensor terms,
      @Nullable Tensor mask,
      Attention attention,
      UnaryOperator<Tensor> dropout) {
    long shared = attention.heads() / attention.keyHeads();
    // In place: the largest tensors of a layer, of which the backward pass reads none but
    // softmax's and tanh's.
    Tensor scores =
        q.matmul(repeated(k, shared).transpose(2, 3)).mul_(new Scalar(attention.scale()));
    if (terms != null) {
      scores = scores.add_(terms);
    }
    if (attention.softCap() > 0) {
      scores =
          scores.div(new Scalar(attention.softCap())).tanh().mul(new Scalar(attention.softCap()));
    }
    Tensor masked = mask == null ? scores : scores.add_(mask);
    return dropout.apply(torch.softmax(masked, -1)).matmul(repeated(v, shared));
  }

  /// Each head several times in a row.
  private static Tensor repeated(Tensor x, long times) {
    return times == 1 ? x : x.repeat_interleave(times, new LongOptional(1), new LongOptional());
  }

  /// `[batch, seq, hidden]` to `[batch, heads, seq, head_dim]`.
  private static Tensor heads(Tensor x, int heads, Attention attention) {
    return x.view(x.size(0), x.size(1), heads, attention.headDim()).transpose(1, 2);
  }

  /// Whether any row of the batch has padding.
  boolean hasPadding() {
    return padding != null;
  }

  /// The rows of the table that the distances of a text of that length have, `[2 · seq]`.
  Tensor rows(DistanceScores scores, long seq) {
    return rows.computeIfAbsent(
        new Distances(scores.positions(), scores.ofKeys()),
        _ -> atHome(() -> placement.tensor(scores.rows(Math.toIntExact(seq)))));
  }

  /// One product for each head over the tokens of all texts, read along the diagonals.
  ///
  /// @param projected the rows of [#rows], projected, `[1, 2 · seq, heads · head_dim]`
  Tensor distanceScores(Tensor x, Tensor projected, DistanceScores scores) {
    long batch = x.size(0);
    long seq = x.size(1);
    long heads = scores.heads();
    long width = x.size(2) / heads;
    Tensor vectors = x.view(batch * seq, heads, width).transpose(0, 1);
    Tensor rows =
        projected.mul(new Scalar(scores.scale())).view(2 * seq, heads, width).permute(1, 2, 0);
    Tensor products = vectors.bmm(rows);
    Tensor pairs =
        products.as_strided(
            new long[] {batch, heads, seq, seq},
            new long[] {2 * seq * seq, 2 * seq * seq * batch, 2 * seq - 1, 1},
            new LongOptional(seq - 1));
    return scores.ofKeys() ? pairs.transpose(2, 3) : pairs;
  }

  Tensor rotary(Tensor x, Rotary rotary) {
    long seq = x.size(1);
    Tensor[] turn = angles.computeIfAbsent(rotary, key -> angles(key, seq));
    Tensor heads = x.view(x.size(0), seq, -1, rotary.headDim()).to(turn[0].scalar_type());
    long half = rotary.headDim() / 2;
    Tensor a = heads.narrow(3, 0, half);
    Tensor b = heads.narrow(3, half, half);
    TensorVector halves = new TensorVector();
    halves.push_back(a.mul(turn[0]).sub(b.mul(turn[1])));
    halves.push_back(b.mul(turn[0]).add(a.mul(turn[1])));
    return torch.cat(halves, 3).view(x.sizes()).to(x.scalar_type());
  }

  /// Cosines and sines `[seq, 1, head_dim / 2]`, from angles in fp32.
  private Tensor[] angles(Rotary rotary, long seq) {
    Tensor[] turn = new Tensor[2];
    turn[0] = atHome(() -> angle(rotary, seq).to(exact()).cos());
    turn[1] = atHome(() -> angle(rotary, seq).to(exact()).sin());
    return turn;
  }

  private Tensor angle(Rotary rotary, long seq) {
    Tensor positions = placement.range(seq).to(ScalarType.Float);
    return positions.view(seq, 1, 1).mul(placement.tensor(rotary.frequencies()));
  }

  /// What is no product of matrices is computed in fp32 at least.
  private ScalarType exact() {
    return type == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
  }

  /// What is added to the scores of a layer; null where its tokens all see each other.
  private @Nullable Tensor mask(Attention attention, long seq) {
    if (attention.seesAll(seq)) {
      return padding;
    }
    return masks.computeIfAbsent(
        new Window(attention.causal(), attention.reach()),
        window ->
            atHome(() -> {
              Tensor structure = placement.put(structure(attention, seq));
              return padding == null ? structure : torch.minimum(padding, structure);
            }));
  }

  /// `[seq, seq]`, the host's: 0 where a query sees a key.
  private Tensor structure(Attention attention, long seq) {
    Tensor places = Placement.CPU.range(seq);
    // How far the key is after the query.
    Tensor distance = places.unsqueeze(0).sub(places.unsqueeze(1));
    Tensor seen = distance.abs().le(new Scalar((long) attention.reach()));
    return additive(attention.causal() ? seen.logical_and(distance.le(new Scalar(0L))) : seen);
  }

  /// 0 for what is seen, for other keys the lowest finite number, so that a query without a key
  /// stays finite.
  private Tensor additive(Tensor seen) {
    return seen.to(ScalarType.Float).sub(new Scalar(1.0)).mul(new Scalar(LARGEST_BF16)).to(type);
  }

  private Tensor atHome(Supplier<Tensor> made) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor tensor = made.get();
      home.attach(tensor);
      return tensor;
    }
  }
}
