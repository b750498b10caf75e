package dev.nunchi.nn;

import java.util.List;

/// ModernBERT's encoder (Warner et al., 2024, <https://arxiv.org/abs/2412.13663>): norms before the
/// blocks and none in the first, rotary positions, gated activations, and attention that in most
/// layers sees a window only.
///
/// `x = LN(word)`; then for each layer `x = x + Wo·attention(Wqkv·LN(x))`, `x = x + Wo·(f(a) ⊙ b)`
/// with `[a, b] = Wi·LN(x)`; at last `LN(x)`. Layers that see everything and those with a window
/// have rotary positions of their own base.
///
/// @param innerSize width of each of `a` and `b`
/// @param windowed whether each layer sees a window only
/// @param reach of the window
/// @param global positions of the layers that see everything
/// @param local positions of those with a window
/// @param normBias whether norms have a bias, and so `attentionBias` and `innerBias`
record ModernBert(
    int vocabularySize,
    int hiddenSize,
    int heads,
    int innerSize,
    Activation activation,
    List<Boolean> windowed,
    int reach,
    Rotary global,
    Rotary local,
    double epsilon,
    boolean normBias,
    boolean attentionBias,
    boolean innerBias,
    double embeddingDropout,
    double attentionDropout,
    double innerDropout,
    int maxPositions,
    int padTokenId)
    implements Trunk {
  static final String MODEL_TYPE = "modernbert";

  /// `ModernBertForSequenceClassification` of transformers: the first token's vector or the mean of
  /// all, `classifier(dropout(LN(f(dense(x)))))`. The first layers of the head are those of the
  /// masked language model, and stay when the labels change.
  static Network of(Configuration config) {
    ModernBert encoder = encoder(config);
    int hidden = encoder.hiddenSize();
    return new Network(
        MODEL_TYPE,
        "ModernBertForSequenceClassification",
        encoder,
        new Classifier(
            config.oneOf("classifier_pooling", "cls", "mean").equals("mean")
                ? Pooling.MEAN
                : Pooling.FIRST,
            0,
            new Classifier.Dense(
                new Linear("head.dense", hidden, hidden, config.flag("classifier_bias", false)),
                config.activation("classifier_activation"),
                encoder.norm("head.norm")),
            config.probability("classifier_dropout", 0),
            Linear.of("classifier", hidden, config.labels()),
            List.of("classifier.")));
  }

  private static ModernBert encoder(Configuration config) {
    int vocabularySize = config.size("vocab_size");
    int hiddenSize = config.size("hidden_size");
    int heads = config.size("num_attention_heads");
    config.requireDivisible("hidden_size", hiddenSize, "num_attention_heads", heads);
    RotaryKeys rotary = new RotaryKeys(config, hiddenSize / heads);
    rotary.requireUnscaled();
    int every = config.size("global_attn_every_n_layers", 3);
    return new ModernBert(
        vocabularySize,
        hiddenSize,
        heads,
        config.size("intermediate_size"),
        config.activation("hidden_activation"),
        LayerTypes.windowed(
            config, config.layers("num_hidden_layers"), layer -> layer % every != 0),
        config.size("local_attention", 128) / 2,
        rotary.of(LayerTypes.FULL, "global_rope_theta", 160_000, false),
        rotary.of(LayerTypes.WINDOWED, "local_rope_theta", 10_000, false),
        config.positive("norm_eps", 1e-5),
        config.flag("norm_bias", false),
        config.flag("attention_bias", false),
        config.flag("mlp_bias", false),
        config.probability("embedding_dropout", 0),
        config.probability("attention_dropout", 0),
        config.probability("mlp_dropout", 0),
        config.size("max_position_embeddings", Family.positions(MODEL_TYPE)),
        config.tokenId("pad_token_id", 50_283, vocabularySize));
  }

  @Override
  public <T> T hidden(Ops<T> ops, Inputs<T> inputs) {
    return hidden(ops, inputs, Pooling.MEAN);
  }

  @Override
  public <T> T pooled(Ops<T> ops, Inputs<T> inputs, Pooling pooling) {
    T x = hidden(ops, inputs, pooling);
    return ops.pool(x, inputs.attentionMask(), pooling);
  }

  /// @param pooling what is read; where it is the first token's vector, `[batch, 1, hidden]`
  private <T> T hidden(Ops<T> ops, Inputs<T> inputs, Pooling pooling) {
    T x = ops.scoped(() -> embeddings(ops, inputs));
    for (int layer = 0; layer < layers(); layer++) {
      T before = x;
      int number = layer;
      T mask = inputs.attentionMask();
      boolean ofFirst = pooling == Pooling.FIRST && layer == layers() - 1;
      x = ops.layer(before, in -> layer(ops, in, mask, number, ofFirst));
      ops.release(before);
    }
    T last = x;
    T normed = ops.scoped(() -> ops.layerNorm(last, norm("model.final_norm")));
    ops.release(last);
    return normed;
  }

  private <T> T layer(Ops<T> ops, T x, T mask, int number, boolean ofFirst) {
    T h =
        ops.scoped(() ->
            ops.add(
                attended(ops, x, mask, number, ofFirst),
                ofFirst ? ops.token(x, mask, Pooling.FIRST) : x));
    T y = ops.scoped(() -> ops.add(inner(ops, h, layerPrefix(number) + "mlp"), h));
    ops.release(h);
    return y;
  }

  private <T> T embeddings(Ops<T> ops, Inputs<T> inputs) {
    T word =
        ops.embedding(
            inputs.inputIds(),
            new Embedding(
                "model.embeddings.tok_embeddings", vocabularySize, hiddenSize, padTokenId));
    return ops.dropout(ops.layerNorm(word, norm("model.embeddings.norm")), embeddingDropout);
  }

  private <T> T attended(Ops<T> ops, T x, T attentionMask, int layer, boolean ofFirst) {
    String name = layerPrefix(layer);
    T normed = layer == 0 ? x : ops.layerNorm(x, norm(name + "attn_norm"));
    T qkv =
        ops.linear(
            normed, new Linear(name + "attn.Wqkv", hiddenSize, 3 * hiddenSize, attentionBias));
    boolean window = windowed.get(layer);
    Rotary rotary = window ? local : global;
    Attention everywhere = Attention.bidirectional(heads, hiddenSize / heads, attentionDropout);
    Attention attention = window ? everywhere.within(reach) : everywhere;
    T query = ops.rotary(ops.part(qkv, 0, 3), rotary);
    T key = ops.rotary(ops.part(qkv, 1, 3), rotary);
    T value = ops.part(qkv, 2, 3);
    T mixed =
        ofFirst
            ? ops.attentionOfToken(
                ops.token(query, attentionMask, Pooling.FIRST),
                key,
                value,
                attentionMask,
                attention,
                Pooling.FIRST)
            : ops.attention(query, key, value, attentionMask, attention);
    Linear output = new Linear(name + "attn.Wo", hiddenSize, hiddenSize, attentionBias);
    return ops.dropout(ops.linear(mixed, output), attentionDropout);
  }

  private <T> T inner(Ops<T> ops, T h, String name) {
    T both =
        ops.linear(
            ops.layerNorm(h, norm(name + "_norm")),
            new Linear(name + ".Wi", hiddenSize, 2 * innerSize, innerBias));
    T gated = ops.multiply(ops.activation(ops.part(both, 0, 2), activation), ops.part(both, 1, 2));
    return ops.linear(
        ops.dropout(gated, innerDropout),
        new Linear(name + ".Wo", innerSize, hiddenSize, innerBias));
  }

  private LayerNorm norm(String name) {
    return new LayerNorm(name, hiddenSize, epsilon, normBias);
  }

  @Override
  public String prefix() {
    return "model";
  }

  @Override
  public boolean readsTokenTypes() {
    return false;
  }

  @Override
  public int layers() {
    return windowed.size();
  }

  @Override
  public String layerPrefix(int layer) {
    return "model.layers.%d.".formatted(layer);
  }
}
