package dev.nunchi.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The numbers of a text's n-grams, in two views: its tokens, and its tokens with every Hangul
/// syllable in its open form, which sees through final consonants that are left out or fused with
/// an ending. It has no parameters.
///
/// @param buckets numbers in all, 0 being no n-gram
/// @param most longest n-gram in tokens; all shorter ones count too
/// @param openMost longest n-gram of open syllables, of which those of two tokens or more count; 0
///   for none
/// @param firstSyllableId id of 가, from which all syllables follow
public record NgramNumbers(
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
    numbers.add(ops.ngrams(inputs.inputIds(), mask, ngrams()));
    openNgrams()
        .ifPresent(open ->
            numbers.add(
                ops.ngrams(ops.openSyllables(inputs.inputIds(), firstSyllableId), mask, open)));
    return ops.joined(numbers);
  }

  /// Those of the tokens as they are.
  public Ngrams ngrams() {
    return new Ngrams(1, most, buckets, 0);
  }

  /// Those of open syllables; empty where these are not counted.
  public Optional<Ngrams> openNgrams() {
    return openMost < OPEN_LEAST
        ? Optional.empty()
        : Optional.of(new Ngrams(OPEN_LEAST, openMost, buckets, OPEN_SALT));
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
