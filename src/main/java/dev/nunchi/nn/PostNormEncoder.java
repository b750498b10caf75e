package dev.nunchi.nn;

import java.util.function.Supplier;

/// The post-norm encoder that BERT is, and after it ELECTRA, RoBERTa and DistilBERT (Devlin et al.,
/// 2019, <https://arxiv.org/abs/1810.04805>): embeddings, then layers.
///
/// `e = LN(word + position + type)`, projected from `embed` to `hidden` where the two differ; then
/// for each layer `x = LN(x + attention(x))`, `x = LN(x + W₂·f(W₁·x))`.
///
/// @param names of the parameters
/// @param embeddingSize width `embed` of the embedding tables
/// @param positions rows of the table of positions
/// @param countsPositions whether positions are counted past the padding id, over the tokens that
///   are none, as RoBERTa does; otherwise every place counts, from 0
/// @param tokenTypes rows of the table of segments; 0 for no table
record PostNormEncoder(
    Names names,
    int vocabularySize,
    int embeddingSize,
    int hiddenSize,
    int layers,
    int heads,
    int innerSize,
    Activation activation,
    double hiddenDropout,
    double attentionDropout,
    int positions,
    boolean countsPositions,
    int tokenTypes,
    double epsilon,
    int padTokenId)
    implements Trunk {

  /// What a family calls its parameters. Those of a layer follow `layers` and the layer's number.
  ///
  /// @param prefix of the whole trunk
  /// @param layers what the layers are under, below the prefix
  record Names(
      String prefix,
      String layers,
      String query,
      String key,
      String value,
      String attentionOutput,
      String attentionNorm,
      String inner,
      String output,
      String outputNorm) {
    /// The names of BERT and most of its kin.
    static Names ofBert(String prefix) {
      return new Names(
          prefix,
          "encoder.layer",
          "attention.self.query",
          "attention.self.key",
          "attention.self.value",
          "attention.output.dense",
          "attention.output.LayerNorm",
          "intermediate.dense",
          "output.dense",
          "output.LayerNorm");
    }
  }

  /// The encoder that the keys of a BERT configuration describe.
  ///
  /// @param factorised whether the embeddings have a width of their own, `embedding_size`
  static PostNormEncoder of(
      Names names, Configuration config, boolean factorised, boolean countsPositions) {
    config.require("position_embedding_type", "absolute");
    config.require("is_decoder", "false");
    config.require("add_cross_attention", "false");
    int vocabularySize = config.size("vocab_size");
    int hiddenSize = config.size("hidden_size");
    int heads = config.size("num_attention_heads");
    config.requireDivisible("hidden_size", hiddenSize, "num_attention_heads", heads);
    return new PostNormEncoder(
        names,
        vocabularySize,
        factorised ? config.size("embedding_size", 128) : hiddenSize,
        hiddenSize,
        config.layers("num_hidden_layers"),
        heads,
        config.size("intermediate_size"),
        config.activation("hidden_act"),
        config.probability("hidden_dropout_prob", 0.1),
        config.probability("attention_probs_dropout_prob", 0.1),
        config.size("max_position_embeddings", 512),
        countsPositions,
        config.size("type_vocab_size", 2),
        config.positive("layer_norm_eps", 1e-12),
        config.tokenId("pad_token_id", countsPositions ? 1 : 0, vocabularySize));
  }

  @Override
  public <T> T hidden(Ops<T> ops, Inputs<T> inputs) {
    return hidden(ops, inputs, layers);
  }

  @Override
  public <T> T pooled(Ops<T> ops, Inputs<T> inputs, Pooling pooling) {
    if (pooling == Pooling.MEAN) {
      return Trunk.super.pooled(ops, inputs, pooling);
    }
    T mask = inputs.attentionMask();
    T x = hidden(ops, inputs, layers - 1);
    T last = ops.layer(x, in -> lastLayer(ops, in, mask, pooling));
    ops.release(x);
    return ops.pool(last, mask, Pooling.FIRST);
  }

  /// The last layer for one token of each text, `[batch, 1, hidden]`.
  private <T> T lastLayer(Ops<T> ops, T x, T mask, Pooling which) {
    String name = layerPrefix(layers - 1);
    T token = ops.scoped(() -> ops.token(x, mask, which));
    T last =
        layer(
            ops,
            token,
            name,
            () ->
                ops.attentionOfToken(
                    projected(ops, token, name + names.query()),
                    projected(ops, x, name + names.key()),
                    projected(ops, x, name + names.value()),
                    mask,
                    attention(),
                    which));
    ops.release(token);
    return last;
  }

  /// What the first of the layers give.
  private <T> T hidden(Ops<T> ops, Inputs<T> inputs, int count) {
    T x = ops.scoped(() -> ops.packed(embeddings(ops, inputs), inputs.attentionMask()));
    for (int layer = 0; layer < count; layer++) {
      T before = x;
      String name = layerPrefix(layer);
      x =
          ops.layer(
              before,
              in -> layer(ops, in, name, () -> attended(ops, in, inputs.attentionMask(), name)));
      ops.release(before);
    }
    return x;
  }

  private <T> T embeddings(Ops<T> ops, Inputs<T> inputs) {
    String name = names.prefix() + ".embeddings";
    T word =
        ops.embedding(
            inputs.inputIds(),
            new Embedding(name + ".word_embeddings", vocabularySize, embeddingSize, padTokenId));
    T position =
        ops.positions(
            inputs.inputIds(),
            new Embedding(
                name + ".position_embeddings",
                positions,
                embeddingSize,
                countsPositions ? padTokenId : -1));
    // The type last: ONNX Runtime fuses a norm with a sum of equal shapes only.
    T sum = withTypes(ops, ops.add(word, position), inputs);
    T x = ops.layerNorm(sum, LayerNorm.of(name + ".LayerNorm", embeddingSize, epsilon));
    x = ops.dropout(x, hiddenDropout);
    return embeddingSize == hiddenSize
        ? x
        : ops.linear(
            x, Linear.of(names.prefix() + ".embeddings_project", embeddingSize, hiddenSize));
  }

  /// `x` and the embeddings of the segments, where there are any.
  <T> T withTypes(Ops<T> ops, T x, Inputs<T> inputs) {
    if (tokenTypes == 0) {
      return x;
    }
    Embedding types =
        Embedding.of(
            names.prefix() + ".embeddings.token_type_embeddings", tokenTypes, embeddingSize);
    return ops.add(
        x, readsTokenTypes() ? ops.embedding(inputs.tokenTypeIds(), types) : ops.table(types));
  }

  /// What one layer gives of `x`.
  ///
  /// @param name how its parameters begin
  /// @param attended what attention gives, before its output
  <T> T layer(Ops<T> ops, T x, String name, Supplier<T> attended) {
    T h =
        ops.scoped(() ->
            addAndNorm(
                ops,
                x,
                attended.get(),
                Linear.of(name + names.attentionOutput(), hiddenSize, hiddenSize),
                name + names.attentionNorm()));
    T output =
        ops.scoped(() ->
            addAndNorm(
                ops,
                h,
                ops.scoped(() -> inner(ops, h, name)),
                Linear.of(name + names.output(), innerSize, hiddenSize),
                name + names.outputNorm()));
    ops.release(h);
    return output;
  }

  private <T> T attended(Ops<T> ops, T x, T attentionMask, String name) {
    return ops.attention(
        projected(ops, x, name + names.query()),
        projected(ops, x, name + names.key()),
        projected(ops, x, name + names.value()),
        attentionMask,
        attention());
  }

  private <T> T projected(Ops<T> ops, T x, String name) {
    return ops.linear(x, Linear.of(name, hiddenSize, hiddenSize));
  }

  private Attention attention() {
    return Attention.bidirectional(heads, hiddenSize / heads, attentionDropout);
  }

  private <T> T inner(Ops<T> ops, T h, String name) {
    Linear dense = Linear.of(name + names.inner(), hiddenSize, innerSize);
    return ops.activation(ops.linear(h, dense), activation);
  }

  private <T> T addAndNorm(Ops<T> ops, T residual, T x, Linear linear, String norm) {
    T projected = ops.linear(x, linear);
    T sum = ops.add(ops.dropout(projected, hiddenDropout), residual);
    return ops.layerNorm(sum, LayerNorm.of(norm, hiddenSize, epsilon));
  }

  @Override
  public String prefix() {
    return names.prefix();
  }

  @Override
  public int maxPositions() {
    return countsPositions ? positions - padTokenId - 1 : positions;
  }

  /// A table of one row is added to all.
  @Override
  public boolean readsTokenTypes() {
    return tokenTypes > 1;
  }

  @Override
  public String layerPrefix(int layer) {
    return "%s.%s.%d.".formatted(names.prefix(), names.layers(), layer);
  }

  /// Checkpoints converted from TensorFlow have `gamma` and `beta`.
  @Override
  public String modernName(String name) {
    return name.replaceFirst("LayerNorm\\.gamma$", "LayerNorm.weight")
        .replaceFirst("LayerNorm\\.beta$", "LayerNorm.bias");
  }
}
