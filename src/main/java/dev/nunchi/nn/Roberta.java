package dev.nunchi.nn;

import java.util.Map;

/// RoBERTa with a classification head, as `RobertaForSequenceClassification` of transformers
/// defines it (Liu et al., 2019, <https://arxiv.org/abs/1907.11692>), and its kin of the same
/// mathematics: XLM-RoBERTa and CamemBERT.
///
/// BERT's encoder, whose positions are counted from past the padding id over the tokens that are
/// none, and whose table of segments has one row. The head reads the first token:
/// `out_proj(dropout(tanh(dense(dropout(x[:, 0])))))`.
final class Roberta {
  /// The classes of transformers by `model_type`.
  static final Map<String, String> ARCHITECTURES =
      Map.of(
          "roberta", "RobertaForSequenceClassification",
          "xlm-roberta", "XLMRobertaForSequenceClassification",
          "camembert", "CamembertForSequenceClassification");

  private Roberta() {}

  static Network of(Configuration config, String modelType) {
    PostNormEncoder encoder =
        PostNormEncoder.of(PostNormEncoder.Names.ofBert("roberta"), config, false, true);
    config.requireOver("max_position_embeddings", encoder.positions(), encoder.padTokenId() + 1);
    return new Network(
        modelType,
        ARCHITECTURES.getOrDefault(modelType, modelType),
        encoder,
        Electra.head(encoder, config, Activation.TANH));
  }
}
