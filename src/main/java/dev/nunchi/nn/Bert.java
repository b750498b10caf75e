package dev.nunchi.nn;

import java.util.List;

/// BERT with a classification head, as `BertForSequenceClassification` of transformers defines it
/// (Devlin et al., 2019, <https://arxiv.org/abs/1810.04805>).
///
/// The head reads the first token: `classifier(dropout(tanh(pooler(x[:, 0]))))`.
///
/// @param labels classes, the width of the logits
public record Bert(Transformer transformer, double classifierDropout, int labels)
    implements Network {
  private static final String PREFIX = "bert";

  static Bert of(Configuration config) {
    Transformer transformer = Transformer.of(PREFIX, config, false);
    return new Bert(
        transformer,
        config.probability("classifier_dropout", transformer.hiddenDropout()),
        config.labels());
  }

  @Override
  public <T> T logits(Ops<T> ops, Inputs<T> inputs) {
    int hidden = transformer.hiddenSize();
    T first = ops.select(transformer.hidden(ops, inputs), 0);
    T dense = ops.linear(first, Linear.of(PREFIX + ".pooler.dense", hidden, hidden));
    T pooled = ops.dropout(ops.activation(dense, Activation.TANH), classifierDropout);
    return ops.linear(pooled, Linear.of("classifier", hidden, labels));
  }

  @Override
  public String modelType() {
    return "bert";
  }

  @Override
  public String architecture() {
    return "BertForSequenceClassification";
  }

  @Override
  public int vocabularySize() {
    return transformer.vocabularySize();
  }

  @Override
  public int maxPositions() {
    return transformer.maxPositions();
  }

  @Override
  public int padTokenId() {
    return transformer.padTokenId();
  }

  @Override
  public String outputBias() {
    return "classifier.bias";
  }

  @Override
  public List<String> headPrefixes() {
    return List.of("classifier.");
  }

  /// The pooler too: masked language models are published without it.
  @Override
  public List<String> freshPrefixes() {
    return List.of("classifier.", PREFIX + ".pooler.");
  }
}
