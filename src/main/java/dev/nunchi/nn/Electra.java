package dev.nunchi.nn;

import java.util.List;

/// ELECTRA's discriminator with a classification head, as `ElectraForSequenceClassification` of
/// transformers defines it (Clark et al., 2020, <https://arxiv.org/abs/2003.10555>).
///
/// The head reads the first token: `out_proj(dropout(gelu(dense(dropout(x[:, 0])))))`, always with
/// the exact GELU.
final class Electra {
  static final String MODEL_TYPE = "electra";

  private Electra() {}

  static Network of(Configuration config) {
    PostNormEncoder encoder =
        PostNormEncoder.of(PostNormEncoder.Names.ofBert("electra"), config, true, false);
    return new Network(
        MODEL_TYPE,
        "ElectraForSequenceClassification",
        encoder,
        head(encoder, config, Activation.GELU));
  }

  /// The head that RoBERTa has too, with another activation.
  static Classifier head(PostNormEncoder encoder, Configuration config, Activation activation) {
    int hidden = encoder.hiddenSize();
    double dropout = config.probability("classifier_dropout", encoder.hiddenDropout());
    return new Classifier(
        Pooling.FIRST,
        dropout,
        new Classifier.Dense(Linear.of("classifier.dense", hidden, hidden), activation, null),
        dropout,
        Linear.of("classifier.out_proj", hidden, config.labels()),
        List.of("classifier."));
  }
}
