package dev.nunchi.nn;

import java.util.ArrayList;
import java.util.List;

/// A linear model of all n-grams of a text's characters, hashed into one table (Joulin et al.,
/// 2017, <https://arxiv.org/abs/1607.01759>; over characters and without a limit on the text's
/// length).
///
/// Two views of the text are numbered: its tokens, and its tokens with every Hangul syllable in its
/// open form, which sees through final consonants that are left out or fused with an ending. The
/// rows of the table that the numbers name, one column a label, are summed over the root of their
/// count: `logits = bag + bias`, which is multinomial logistic regression.
///
/// @param buckets rows of the table, row 0 being no n-gram
/// @param most longest n-gram in tokens; all shorter ones count too
/// @param openMost longest n-gram of open syllables, of which those of two tokens or more count; 0
///   for none
/// @param firstSyllableId id of 가, from which all syllables follow
/// @param labels classes, the width of the logits
public record NgramLinear(
    int vocabularySize,
    int buckets,
    int most,
    int openMost,
    int firstSyllableId,
    int maxPositions,
    int padTokenId,
    int labels)
    implements Network {
  static final String MODEL_TYPE = "ngram_linear";

  private static final String HEAD = "classifier";
  private static final int OPEN_LEAST = 2;
  private static final long OPEN_SALT = 271_828_183;

  /// Each length takes a tensor of numbers; longer n-grams are hardly ever seen twice.
  private static final int MOST_NGRAM = 64;

  static NgramLinear of(Configuration config) {
    int vocabularySize = config.size("vocab_size");
    return new NgramLinear(
        vocabularySize,
        config.atLeast("ngram_buckets", 2),
        config.between("ngram_max", 5, 1, MOST_NGRAM),
        config.between("open_ngram_max", 0, 0, MOST_NGRAM),
        config.tokenId("first_syllable_id", 0, vocabularySize),
        config.size("max_position_embeddings", 512),
        config.tokenId("pad_token_id", 0, vocabularySize),
        config.labels());
  }

  @Override
  public <T> T logits(Ops<T> ops, Inputs<T> inputs) {
    T mask = inputs.attentionMask();
    List<T> numbers = new ArrayList<>();
    numbers.add(ops.ngrams(inputs.inputIds(), mask, new Ngrams(1, most, buckets, 0)));
    if (openMost >= OPEN_LEAST) {
      T open = ops.openSyllables(inputs.inputIds(), firstSyllableId);
      numbers.add(ops.ngrams(open, mask, new Ngrams(OPEN_LEAST, openMost, buckets, OPEN_SALT)));
    }
    T bag = ops.bag(numbers, new Embedding(HEAD, buckets, labels, 0));
    return ops.bias(bag, new Bias(outputBias(), labels));
  }

  @Override
  public String modelType() {
    return MODEL_TYPE;
  }

  @Override
  public String architecture() {
    return "NgramLinearForSequenceClassification";
  }

  @Override
  public String outputBias() {
    return HEAD + ".bias";
  }

  /// Of `[buckets, labels]`.
  @Override
  public int labelAxis() {
    return 1;
  }

  @Override
  public List<String> headPrefixes() {
    return List.of(HEAD + ".");
  }
}
