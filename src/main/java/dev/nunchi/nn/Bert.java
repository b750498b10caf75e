package dev.nunchi.nn;

import java.util.List;

/// BERT with a classification head, as `BertForSequenceClassification` of transformers defines it
/// (Devlin et al., 2019, <https://arxiv.org/abs/1810.04805>).
///
/// The head reads the first token: `classifier(dropout(tanh(pooler(x[:, 0]))))`. The pooler is kept
/// when the labels change; masked language models are published without it.
final class Bert {
  static final String MODEL_TYPE = "bert";

  private Bert() {}

  static Network of(Configuration config) {
    PostNormEncoder encoder =
        PostNormEncoder.of(PostNormEncoder.Names.ofBert("bert"), config, false, false);
    int hidden = encoder.hiddenSize();
    return new Network(
        MODEL_TYPE,
        "BertForSequenceClassification",
        encoder,
        new Classifier(
            Pooling.FIRST,
            0,
            new Classifier.Dense(
                Linear.of("bert.pooler.dense", hidden, hidden), Activation.TANH, null),
            config.probability("classifier_dropout", encoder.hiddenDropout()),
            Linear.of("classifier", hidden, config.labels()),
            List.of("classifier.")));
  }
}
