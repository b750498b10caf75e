package dev.nunchi.nn;

import java.util.List;
import java.util.Set;

/// DeBERTa of the versions 2 and 3 with a classification head, as
/// `DebertaV2ForSequenceClassification` of transformers defines it (He et al., 2021,
/// <https://arxiv.org/abs/2006.03654>; version 3 <https://arxiv.org/abs/2111.09543>).
///
/// The head reads the first token: `classifier(dropout(act(pooler.dense(dropout(x[:, 0])))))`. Its
/// dense layer is kept when the labels change; pre-trained checkpoints lack it. The convolution
/// that the largest networks of version 2 have beside their first layer is refused.
final class Deberta {
  static final String MODEL_TYPE = "deberta-v2";

  private static final double EPSILON = 1e-7;

  private Deberta() {}

  static Network of(Configuration config) {
    config.require("conv_kernel_size", "0");
    PostNormEncoder body = body(config);
    int hidden = body.hiddenSize();
    config.require("attention_head_size", String.valueOf(hidden / body.heads()));
    config.require("pooler_hidden_size", String.valueOf(hidden));
    return new Network(
        MODEL_TYPE,
        "DebertaV2ForSequenceClassification",
        encoder(body, config),
        new Classifier(
            Pooling.FIRST,
            config.probability("pooler_dropout", 0),
            new Classifier.Dense(
                Linear.of("pooler.dense", hidden, hidden),
                config.activation("pooler_hidden_act"),
                null),
            config.probability("cls_dropout", body.hiddenDropout()),
            Linear.of("classifier", hidden, config.labels()),
            List.of("classifier.")));
  }

  private static PostNormEncoder body(Configuration config) {
    int vocabularySize = config.size("vocab_size");
    int hidden = config.size("hidden_size");
    int heads = config.size("num_attention_heads");
    config.requireDivisible("hidden_size", hidden, "num_attention_heads", heads);
    return new PostNormEncoder(
        new PostNormEncoder.Names(
            "deberta",
            "encoder.layer",
            "attention.self.query_proj",
            "attention.self.key_proj",
            "attention.self.value_proj",
            "attention.output.dense",
            "attention.output.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm"),
        vocabularySize,
        config.size("embedding_size", hidden),
        hidden,
        config.layers("num_hidden_layers"),
        heads,
        config.size("intermediate_size"),
        config.activation("hidden_act"),
        config.probability("hidden_dropout_prob", 0.1),
        config.probability("attention_probs_dropout_prob", 0.1),
        config.size("max_position_embeddings", 512),
        false,
        config.atLeast("type_vocab_size", 0, 0),
        config.positive("layer_norm_eps", EPSILON),
        config.tokenId("pad_token_id", 0, vocabularySize));
  }

  private static DisentangledEncoder encoder(PostNormEncoder body, Configuration config) {
    boolean relative = config.flag("relative_attention", false);
    Set<String> terms = config.parts("pos_att_type", "c2p", "p2c");
    Set<String> norms = config.parts("norm_rel_ebd", "none", "layer_norm");
    if (relative && terms.isEmpty()) {
      // A table that nothing reads.
      throw config.unsupported("pos_att_type", "", "c2p, p2c, c2p|p2c");
    }
    if (!relative) {
      config.require("norm_rel_ebd", "none");
    }
    return new DisentangledEncoder(
        body,
        config.flag("position_biased_input", true),
        relative ? distances(config, body.positions()) : null,
        norms.contains("layer_norm"),
        config.flag("share_att_key", false),
        terms.contains("c2p"),
        terms.contains("p2c"),
        1 + terms.size());
  }

  private static RelativePositions distances(Configuration config, int longest) {
    int stated = config.atLeast("max_relative_positions", -1, -1);
    int reach = stated < 1 ? longest : stated;
    int buckets = Math.max(0, config.atLeast("position_buckets", -1, -1));
    if (buckets > 0) {
      config.requireOver("position_buckets", buckets, 1);
      config.requireOver(
          stated < 1 ? "max_position_embeddings" : "max_relative_positions",
          reach,
          buckets / 2 + 1);
    }
    return new RelativePositions(buckets, reach, longest);
  }
}
