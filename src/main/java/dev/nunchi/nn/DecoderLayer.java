package dev.nunchi.nn;

import org.jspecify.annotations.Nullable;

/// A layer of a [Decoder]: `h = x + N₂(Wo·attention(N₁(x)))`, `y = h + N₄(Wd·(f(Wg·n) ⊙ Wu·n))`
/// with `n = N₃(h)`, of which norms a family has some.
///
/// @param innerSize rows of `Wg` and `Wu`
/// @param queryBias whether the projections to queries, keys and values have a bias, and so
///   `outputBias` and `innerBias`
/// @param headNorms whether each head of queries and keys is normalised before it is turned
/// @param rotary null for a layer that knows of positions by what it sees only
record DecoderLayer(
    int hiddenSize,
    int innerSize,
    Activation activation,
    Norms norms,
    boolean queryBias,
    boolean outputBias,
    boolean innerBias,
    boolean headNorms,
    Attention attention,
    @Nullable Rotary rotary) {

  /// The norms by their names in a layer, null for none.
  ///
  /// @param epsilon of all
  /// @param offset of all, as [RmsNorm] has it
  record Norms(
      @Nullable String beforeAttention,
      @Nullable String afterAttention,
      @Nullable String beforeInner,
      @Nullable String afterInner,
      double epsilon,
      double offset) {
    /// Before each block, as in Llama.
    static Norms before(double epsilon) {
      return new Norms("input_layernorm", null, "post_attention_layernorm", null, epsilon, 0);
    }

    /// After each block, as in EXAONE 4.
    static Norms after(double epsilon) {
      return new Norms(
          null, "post_attention_layernorm", null, "post_feedforward_layernorm", epsilon, 0);
    }

    /// Around each block, and stored as the distance from 1, as in Gemma.
    static Norms around(double epsilon) {
      return new Norms(
          "input_layernorm",
          "post_attention_layernorm",
          "pre_feedforward_layernorm",
          "post_feedforward_layernorm",
          epsilon,
          1);
    }

    RmsNorm of(String name, int width) {
      return new RmsNorm(name, width, epsilon, offset);
    }
  }

  DecoderLayer withBiases(boolean query, boolean output, boolean inner) {
    return new DecoderLayer(
        hiddenSize,
        innerSize,
        activation,
        norms,
        query,
        output,
        inner,
        headNorms,
        attention,
        rotary);
  }

  DecoderLayer withHeadNorms() {
    return new DecoderLayer(
        hiddenSize,
        innerSize,
        activation,
        norms,
        queryBias,
        outputBias,
        innerBias,
        true,
        attention,
        rotary);
  }

  DecoderLayer with(@Nullable Rotary other) {
    return new DecoderLayer(
        hiddenSize,
        innerSize,
        activation,
        norms,
        queryBias,
        outputBias,
        innerBias,
        headNorms,
        attention,
        other);
  }

  /// With a window.
  DecoderLayer within(int reach) {
    return new DecoderLayer(
        hiddenSize,
        innerSize,
        activation,
        norms,
        queryBias,
        outputBias,
        innerBias,
        headNorms,
        attention.within(reach),
        rotary);
  }

  /// Whether the last token of a text sees every other.
  boolean seesAllBefore() {
    return attention.reach() == Attention.EVERYWHERE;
  }

  /// What the layer gives of `x`.
  ///
  /// @param name how the layer's parameters begin
  /// @param ofLast whether it is computed for the last token of each text alone, which then sees
  ///   every other
  <T> T apply(Ops<T> ops, T x, T attentionMask, String name, boolean ofLast) {
    T h =
        ops.scoped(() ->
            ops.add(
                ofLast ? ops.token(x, attentionMask, Pooling.LAST) : x,
                attended(ops, x, attentionMask, name, ofLast)));
    T y = ops.scoped(() -> ops.add(h, inner(ops, h, name)));
    ops.release(h);
    return y;
  }

  private <T> T attended(Ops<T> ops, T x, T attentionMask, String name, boolean ofLast) {
    String block = name + "self_attn.";
    int queries = attention.heads() * attention.headDim();
    int keys = attention.keyHeads() * attention.headDim();
    T normed = norm(ops, x, name, norms.beforeAttention());
    T query =
        placed(
            ops,
            ops.linear(normed, new Linear(block + "q_proj", hiddenSize, queries, queryBias)),
            block + "q_norm");
    T key =
        placed(
            ops,
            ops.linear(normed, new Linear(block + "k_proj", hiddenSize, keys, queryBias)),
            block + "k_norm");
    T value = ops.linear(normed, new Linear(block + "v_proj", hiddenSize, keys, queryBias));
    T mixed =
        ofLast
            ? ops.attentionOfToken(
                ops.token(query, attentionMask, Pooling.LAST),
                key,
                value,
                attentionMask,
                attention,
                Pooling.LAST)
            : ops.attention(query, key, value, attentionMask, attention);
    T output = ops.linear(mixed, new Linear(block + "o_proj", queries, hiddenSize, outputBias));
    return norm(ops, output, name, norms.afterAttention());
  }

  /// Queries or keys, normalised and turned.
  private <T> T placed(Ops<T> ops, T x, String norm) {
    T normed = headNorms ? ops.rmsNorm(x, norms.of(norm, attention.headDim())) : x;
    return rotary == null ? normed : ops.rotary(normed, rotary);
  }

  private <T> T inner(Ops<T> ops, T h, String name) {
    String block = name + "mlp.";
    T normed = norm(ops, h, name, norms.beforeInner());
    T gate = ops.linear(normed, new Linear(block + "gate_proj", hiddenSize, innerSize, innerBias));
    T up = ops.linear(normed, new Linear(block + "up_proj", hiddenSize, innerSize, innerBias));
    T gated = ops.multiply(ops.activation(gate, activation), up);
    T down = ops.linear(gated, new Linear(block + "down_proj", innerSize, hiddenSize, innerBias));
    return norm(ops, down, name, norms.afterInner());
  }

  private <T> T norm(Ops<T> ops, T x, String name, @Nullable String norm) {
    return norm == null ? x : ops.rmsNorm(x, norms.of(name + norm, hiddenSize));
  }
}
