package dev.nunchi.nn;

import java.util.List;

/// ELECTRA's discriminator with a classification head, as `ElectraForSequenceClassification` of
/// transformers defines it (Clark et al., 2020, <https://arxiv.org/abs/2003.10555>).
///
/// The head reads the first token: `out_proj(dropout(gelu(dense(dropout(x[:, 0])))))`, always with
/// the exact GELU.
///
/// @param labels classes, the width of the logits
public record Electra(Transformer transformer, double classifierDropout, int labels)
    implements Network {
  private static final String PREFIX = "electra";

  static Electra of(Configuration config) {
    Transformer transformer = Transformer.of(PREFIX, config, true);
    return new Electra(
        transformer,
        config.probability("classifier_dropout", transformer.hiddenDropout()),
        config.labels());
  }

  @Override
  public <T> T logits(Ops<T> ops, Inputs<T> inputs) {
    int hidden = transformer.hiddenSize();
    T first = ops.select(transformer.hidden(ops, inputs), 0);
    T x = ops.dropout(first, classifierDropout);
    T dense = ops.linear(x, Linear.of("classifier.dense", hidden, hidden));
    T activated = ops.dropout(ops.activation(dense, Activation.GELU), classifierDropout);
    return ops.linear(activated, Linear.of("classifier.out_proj", hidden, labels));
  }

  @Override
  public String modelType() {
    return "electra";
  }

  @Override
  public String architecture() {
    return "ElectraForSequenceClassification";
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
    return "classifier.out_proj.bias";
  }

  @Override
  public List<String> headPrefixes() {
    return List.of("classifier.");
  }
}
