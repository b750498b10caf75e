package dev.nunchi.nn;

import java.util.List;

/// DistilBERT with a classification head, as `DistilBertForSequenceClassification` of transformers
/// defines it (Sanh et al., 2019, <https://arxiv.org/abs/1910.01108>).
///
/// BERT's encoder under names of its own, without segments. The head reads the first token:
/// `classifier(dropout(relu(pre_classifier(x[:, 0]))))`. The first of its layers is kept when the
/// labels change; pre-trained checkpoints lack it.
final class DistilBert {
  static final String MODEL_TYPE = "distilbert";

  private static final PostNormEncoder.Names NAMES =
      new PostNormEncoder.Names(
          "distilbert",
          "transformer.layer",
          "attention.q_lin",
          "attention.k_lin",
          "attention.v_lin",
          "attention.out_lin",
          "sa_layer_norm",
          "ffn.lin1",
          "ffn.lin2",
          "output_layer_norm");

  private static final double EPSILON = 1e-12;

  private DistilBert() {}

  static Network of(Configuration config) {
    int vocabularySize = config.size("vocab_size");
    int hidden = config.size("dim", 768);
    int heads = config.size("n_heads", 12);
    config.requireDivisible("dim", hidden, "n_heads", heads);
    PostNormEncoder encoder =
        new PostNormEncoder(
            NAMES,
            vocabularySize,
            hidden,
            hidden,
            config.layers("n_layers", 6),
            heads,
            config.size("hidden_dim", 4 * 768),
            config.activation("activation"),
            config.probability("dropout", 0.1),
            config.probability("attention_dropout", 0.1),
            config.size("max_position_embeddings", 512),
            false,
            0,
            EPSILON,
            config.tokenId("pad_token_id", 0, vocabularySize));
    return new Network(
        MODEL_TYPE,
        "DistilBertForSequenceClassification",
        encoder,
        new Classifier(
            Pooling.FIRST,
            0,
            new Classifier.Dense(
                Linear.of("pre_classifier", hidden, hidden), Activation.RELU, null),
            config.probability("seq_classif_dropout", 0.2),
            Linear.of("classifier", hidden, config.labels()),
            List.of("classifier.")));
  }
}
