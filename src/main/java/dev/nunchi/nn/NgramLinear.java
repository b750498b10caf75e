package dev.nunchi.nn;

/// A linear model of all n-grams of a text's characters, hashed into one table (Joulin et al.,
/// 2017, <https://arxiv.org/abs/1607.01759>; over characters and without a limit on the text's
/// length): multinomial logistic regression.
final class NgramLinear {
  static final String MODEL_TYPE = "ngram_linear";

  /// Each length takes a tensor of numbers; longer n-grams are hardly ever seen twice.
  private static final int MOST_NGRAM = 64;

  private NgramLinear() {}

  static Network of(Configuration config) {
    int vocabularySize = config.size("vocab_size");
    int buckets = config.atLeast("ngram_buckets", 2);
    return new Network(
        MODEL_TYPE,
        "NgramLinearForSequenceClassification",
        new NgramNumbers(
            vocabularySize,
            buckets,
            config.between("ngram_max", 5, 1, MOST_NGRAM),
            config.between("open_ngram_max", 0, 0, MOST_NGRAM),
            config.tokenId("first_syllable_id", 0, vocabularySize),
            config.size("max_position_embeddings", 512),
            config.tokenId("pad_token_id", 0, vocabularySize)),
        new NgramTable("classifier", buckets, config.labels()));
  }
}
