package dev.nunchi.nn;

import java.util.List;

/// Convolutions over the tokens of a text (Kim, 2014, <https://arxiv.org/abs/1408.5882>), with the
/// residual layers and norms of an encoder: what small students of a transformer learn phrases
/// with.
///
/// `x = LN(word)`; then for each layer `x = LN(x + f(W·[x₋ᵣ … x … xᵣ]))`, where `2r + 1` is the
/// kernel's size and the vectors beyond the text are zeros. The head reads the mean of all:
/// `classifier(dropout(tanh(dense(mean(x)))))`.
///
/// @param kernelSize tokens that a layer sees, an odd number
/// @param positions longest text in tokens; no parameter depends on it
record TextCnn(
    int vocabularySize,
    int hiddenSize,
    int layers,
    int kernelSize,
    Activation activation,
    double hiddenDropout,
    int positions,
    double epsilon,
    int padTokenId)
    implements Trunk {
  static final String MODEL_TYPE = "text_cnn";

  /// A layer that sees more is better had as several.
  private static final int MOST_PLACES = 31;

  static Network of(Configuration config) {
    int vocabularySize = config.size("vocab_size");
    int hidden = config.between("hidden_size", 1, Integer.MAX_VALUE / MOST_PLACES);
    double dropout = config.probability("hidden_dropout_prob", 0.1);
    TextCnn trunk =
        new TextCnn(
            vocabularySize,
            hidden,
            config.layers("num_hidden_layers"),
            config.odd("kernel_size", 3, MOST_PLACES),
            config.activation("hidden_act"),
            dropout,
            config.size("max_position_embeddings", 512),
            config.positive("layer_norm_eps", 1e-12),
            config.tokenId("pad_token_id", 0, vocabularySize));
    return new Network(
        MODEL_TYPE,
        "TextCnnForSequenceClassification",
        trunk,
        new Classifier(
            Pooling.MEAN,
            0,
            new Classifier.Dense(Linear.of("dense", hidden, hidden), Activation.TANH, null),
            config.probability("classifier_dropout", dropout),
            Linear.of("classifier", hidden, config.labels()),
            List.of("classifier.")));
  }

  @Override
  public <T> T hidden(Ops<T> ops, Inputs<T> inputs) {
    T x = ops.scoped(() -> embeddings(ops, inputs.inputIds()));
    for (int layer = 0; layer < layers; layer++) {
      T before = x;
      String name = layerPrefix(layer);
      x = ops.layer(before, in -> layer(ops, in, inputs.attentionMask(), name));
      ops.release(before);
    }
    return x;
  }

  private <T> T embeddings(Ops<T> ops, T ids) {
    T word =
        ops.embedding(
            ids,
            new Embedding(
                MODEL_TYPE + ".embeddings.word_embeddings",
                vocabularySize,
                hiddenSize,
                padTokenId));
    return ops.dropout(
        ops.layerNorm(
            word, LayerNorm.of(MODEL_TYPE + ".embeddings.LayerNorm", hiddenSize, epsilon)),
        hiddenDropout);
  }

  private <T> T layer(Ops<T> ops, T x, T mask, String name) {
    return ops.scoped(() -> {
      T seen = ops.unfold(x, mask, kernelSize);
      T convolved =
          ops.linear(seen, Linear.of(name + "convolution", kernelSize * hiddenSize, hiddenSize));
      T added = ops.dropout(ops.activation(convolved, activation), hiddenDropout);
      return ops.layerNorm(
          ops.add(x, added), LayerNorm.of(name + "LayerNorm", hiddenSize, epsilon));
    });
  }

  @Override
  public String prefix() {
    return MODEL_TYPE;
  }

  @Override
  public int maxPositions() {
    return positions;
  }

  @Override
  public boolean readsTokenTypes() {
    return false;
  }

  @Override
  public String layerPrefix(int layer) {
    return "%s.encoder.layer.%d.".formatted(MODEL_TYPE, layer);
  }
}
