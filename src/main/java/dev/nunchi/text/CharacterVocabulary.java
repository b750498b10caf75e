package dev.nunchi.text;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A vocabulary whose tokens are single characters in lower case; white space is no token, so that
/// a text means the same however its words are spaced.
///
/// All 11,172 Hangul syllables are in it, one after the other from [#FIRST_SYLLABLE_ID], so that a
/// network can take a syllable's letters from its id. Other characters are those of a corpus; one
/// that it lacks becomes [Vocabulary#UNK].
///
/// @param tokens every token at its id: the special tokens, the syllables, then the others in the
///   order of their code points
public record CharacterVocabulary(List<String> tokens) {
  /// The id of 가.
  public static final int FIRST_SYLLABLE_ID = 5;

  public CharacterVocabulary {
    tokens = List.copyOf(tokens);
  }

  /// The characters of a corpus.
  ///
  /// @param minimumFrequency how often a character has to occur
  /// @param limit most characters beside the syllables, the most frequent first
  /// @throws NunchiException `INVALID_DATA` if the texts hold no character
  public static CharacterVocabulary of(
      List<String> texts, Normalizer normalizer, int minimumFrequency, int limit) {
    Map<Integer, Long> counts = new HashMap<>();
    for (String text : texts) {
      normalizer
          .apply(text)
          .toLowerCase(Locale.ROOT)
          .codePoints()
          .filter(c -> !WhiteSpace.isWhiteSpace(c))
          .forEach(c -> counts.merge(c, 1L, Long::sum));
    }
    if (counts.isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_DATA, "the corpus of the vocabulary holds no text that is not blank");
    }
    List<String> tokens = new ArrayList<>(Vocabulary.SPECIAL_TOKENS);
    for (int i = 0; i < Syllable.COUNT; i++) {
      tokens.add(Character.toString(Syllable.FIRST + i));
    }
    counts.entrySet().stream()
        .filter(entry -> entry.getValue() >= minimumFrequency)
        .filter(entry -> !Syllable.isSyllable(entry.getKey()))
        .sorted(
            Comparator.comparingLong((Map.Entry<Integer, Long> entry) -> -entry.getValue())
                .thenComparing(Map.Entry::getKey))
        .limit(limit)
        .map(Map.Entry::getKey)
        .sorted()
        .forEach(c -> tokens.add(Character.toString(c)));
    return new CharacterVocabulary(tokens);
  }

  public int size() {
    return tokens.size();
  }

  /// Writes the files that [Vocabulary#write] writes.
  ///
  /// @param maxLength longest input of the model in tokens, special tokens included
  public void write(Path directory, int maxLength) {
    VocabularyFiles.write(VocabularyFiles.tokenizer(this), directory, maxLength);
  }
}
