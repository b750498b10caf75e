package dev.nunchi.nn;

import java.util.ArrayList;
import java.util.List;

/// The numbers of a text's n-grams, in two views: its tokens, and its tokens with every Hangul
/// syllable in its open form, which sees through final consonants that are left out or fused with
/// an ending. It has no parameters.
///
/// @param buckets numbers in all, 0 being no n-gram
/// @param most longest n-gram in tokens; all shorter ones count too
/// @param openMost longest n-gram of open syllables, of which those of two tokens or more count; 0
///   for none
/// @param firstSyllableId id of 가, from which all syllables follow
record NgramNumbers(
    int vocabularySize,
    int buckets,
    int most,
    int openMost,
    int firstSyllableId,
    int maxPositions,
    int padTokenId)
    implements Trunk {
  private static final int OPEN_LEAST = 2;
  private static final long OPEN_SALT = 271_828_183;

  /// `[batch, numbers]`.
  @Override
  public <T> T hidden(Ops<T> ops, Inputs<T> inputs) {
    T mask = inputs.attentionMask();
    List<T> numbers = new ArrayList<>();
    numbers.add(ops.ngrams(inputs.inputIds(), mask, new Ngrams(1, most, buckets, 0)));
    if (openMost >= OPEN_LEAST) {
      T open = ops.openSyllables(inputs.inputIds(), firstSyllableId);
      numbers.add(ops.ngrams(open, mask, new Ngrams(OPEN_LEAST, openMost, buckets, OPEN_SALT)));
    }
    return ops.joined(numbers);
  }

  @Override
  public String prefix() {
    return "";
  }

  @Override
  public boolean readsTokenTypes() {
    return false;
  }

  @Override
  public int layers() {
    return 0;
  }

  @Override
  public String layerPrefix(int layer) {
    throw new IndexOutOfBoundsException(layer);
  }
}
