package dev.nunchi.nn;

/// The post-norm encoder that BERT, and after it ELECTRA, is built on: embeddings and layers, with
/// the names under `prefix` (Devlin et al., 2019, <https://arxiv.org/abs/1810.04805>).
///
/// `e = LN(word + position + type)`, projected from `embed` to `hidden` where the two differ; then
/// for each layer `x = LN(x + attention(x))`, `x = LN(x + W₂·f(W₁·x))`.
///
/// @param prefix name of the trunk in the checkpoint, for example `bert`
/// @param embeddingSize width `embed` of the embedding tables
record Transformer(
    String prefix,
    int vocabularySize,
    int embeddingSize,
    int hiddenSize,
    int layers,
    int heads,
    int innerSize,
    Activation activation,
    double hiddenDropout,
    double attentionDropout,
    int maxPositions,
    int tokenTypes,
    double epsilon,
    int padTokenId) {

  /// Several times as many as any published encoder has; each one takes its time, however narrow.
  private static final int MOST_LAYERS = 1000;

  static Transformer of(String prefix, Configuration config, boolean factorised) {
    config.require("position_embedding_type", "absolute");
    config.require("is_decoder", "false");
    config.require("add_cross_attention", "false");
    int vocabularySize = config.size("vocab_size");
    int hiddenSize = config.size("hidden_size");
    int heads = config.size("num_attention_heads");
    config.requireDivisible("hidden_size", hiddenSize, "num_attention_heads", heads);
    return new Transformer(
        prefix,
        vocabularySize,
        factorised ? config.size("embedding_size", 128) : hiddenSize,
        hiddenSize,
        config.between("num_hidden_layers", 1, MOST_LAYERS),
        heads,
        config.size("intermediate_size"),
        config.activation("hidden_act"),
        config.probability("hidden_dropout_prob", 0.1),
        config.probability("attention_probs_dropout_prob", 0.1),
        config.size("max_position_embeddings", 512),
        config.size("type_vocab_size", 2),
        config.positive("layer_norm_eps", 1e-12),
        config.tokenId("pad_token_id", 0, vocabularySize));
  }

  /// The last layer's output `[batch, seq, hidden]`.
  <T> T hidden(Ops<T> ops, Inputs<T> inputs) {
    T x = ops.scoped(() -> embeddings(ops, inputs));
    for (int layer = 0; layer < layers; layer++) {
      x = layer(ops, x, inputs.attentionMask(), prefix + ".encoder.layer." + layer);
    }
    return x;
  }

  private <T> T embeddings(Ops<T> ops, Inputs<T> inputs) {
    String name = prefix + ".embeddings";
    T word =
        ops.embedding(
            inputs.inputIds(),
            new Embedding(name + ".word_embeddings", vocabularySize, embeddingSize, padTokenId));
    T type =
        ops.embedding(
            inputs.tokenTypeIds(),
            Embedding.of(name + ".token_type_embeddings", tokenTypes, embeddingSize));
    T position =
        ops.positions(
            inputs.inputIds(),
            Embedding.of(name + ".position_embeddings", maxPositions, embeddingSize));
    // The type last: ONNX Runtime fuses a norm with a sum of equal shapes only.
    T sum = ops.add(ops.add(word, position), type);
    T x = ops.layerNorm(sum, new LayerNorm(name + ".LayerNorm", embeddingSize, epsilon));
    x = ops.dropout(x, hiddenDropout);
    return embeddingSize == hiddenSize
        ? x
        : ops.linear(x, Linear.of(prefix + ".embeddings_project", embeddingSize, hiddenSize));
  }

  private <T> T layer(Ops<T> ops, T x, T attentionMask, String name) {
    T h =
        ops.scoped(() ->
            addAndNorm(
                ops,
                x,
                attended(ops, x, attentionMask, name + ".attention.self."),
                name + ".attention.output",
                hiddenSize));
    ops.release(x);
    T output =
        ops.scoped(() ->
            addAndNorm(ops, h, ops.scoped(() -> inner(ops, h, name)), name + ".output", innerSize));
    ops.release(h);
    return output;
  }

  private <T> T attended(Ops<T> ops, T x, T attentionMask, String name) {
    return ops.attention(
        ops.linear(x, Linear.of(name + "query", hiddenSize, hiddenSize)),
        ops.linear(x, Linear.of(name + "key", hiddenSize, hiddenSize)),
        ops.linear(x, Linear.of(name + "value", hiddenSize, hiddenSize)),
        attentionMask,
        new Attention(heads, hiddenSize / heads, attentionDropout));
  }

  private <T> T inner(Ops<T> ops, T h, String name) {
    Linear dense = Linear.of(name + ".intermediate.dense", hiddenSize, innerSize);
    return ops.activation(ops.linear(h, dense), activation);
  }

  private <T> T addAndNorm(Ops<T> ops, T residual, T x, String name, int width) {
    T projected = ops.linear(x, Linear.of(name + ".dense", width, hiddenSize));
    T sum = ops.add(ops.dropout(projected, hiddenDropout), residual);
    return ops.layerNorm(sum, new LayerNorm(name + ".LayerNorm", hiddenSize, epsilon));
  }
}
