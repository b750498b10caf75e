package dev.nunchi.text;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/// Learns a [Vocabulary] from a corpus by byte-pair merges (Sennrich et al., 2016,
/// <https://arxiv.org/abs/1508.07909>).
///
/// Texts are normalised and cut into pieces, counted, and spelled with the most frequent
/// characters. Then the most frequent pair of neighbouring tokens becomes a token, again and again.
/// Of pairs equally frequent, the one whose left token has the lower id comes first, then the one
/// whose right token has; ids of characters follow their code points. So the same texts, in any
/// order, give the same vocabulary.
///
/// Counts of pairs are kept with the pieces they occur in, so that a merge touches only those; the
/// queue of pairs is corrected when a pair with an outdated count comes out of it. Not safe for
/// many threads.
public final class VocabularyTrainer {
  /// @param vocabularySize tokens in all, the 5 special ones and the 256 bytes included; fewer come
  ///   out where the corpus does not have so many pairs
  /// @param minimumFrequency how often a character or a pair has to occur to become a token
  /// @param alphabetLimit most characters that become tokens of their own, the most frequent first
  public record Settings(int vocabularySize, int minimumFrequency, int alphabetLimit) {
    /// 16,000 tokens, pairs that occur twice, 3,000 characters.
    public static final Settings STANDARD = new Settings(16_000, 2, 3_000);

    public Settings {
      require("vocabularySize", vocabularySize, Vocabulary.SPECIAL_TOKENS.size() + 256 + 1);
      require("minimumFrequency", minimumFrequency, 1);
      require("alphabetLimit", alphabetLimit, 1);
    }

    private static void require(String name, int value, int least) {
      if (value < least) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT, "%s is %d; at least %d".formatted(name, value, least));
      }
    }
  }

  private final Normalizer normalizer;
  private final Settings settings;
  private final Map<String, Count> pieces = new HashMap<>();

  public VocabularyTrainer(Normalizer normalizer, Settings settings) {
    this.normalizer = normalizer;
    this.settings = settings;
  }

  /// Counts one text of the corpus.
  public void add(String text) {
    for (String piece : Pieces.of(normalizer.apply(text))) {
      pieces.computeIfAbsent(piece, key -> new Count()).value++;
    }
  }

  /// Learns the vocabulary from the texts added so far.
  ///
  /// @param progress is told the size of the vocabulary after each token
  /// @throws NunchiException `INVALID_DATA` if the texts hold no character
  public Vocabulary train(IntConsumer progress) {
    if (pieces.isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_DATA, "the corpus of the vocabulary holds no text that is not blank");
    }
    List<String> tokens = new ArrayList<>(Vocabulary.SPECIAL_TOKENS);
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    Map<Integer, Integer> alphabet = alphabet(tokens);
    return new PairMerging(tokens, words(alphabet), settings).run(progress);
  }

  /// Adds the most frequent characters to `tokens`, in the order of their code points.
  private Map<Integer, Integer> alphabet(List<String> tokens) {
    Map<Integer, Count> counts = new HashMap<>();
    pieces.forEach((piece, count) ->
        piece
            .codePoints()
            .forEach(c -> counts.computeIfAbsent(c, key -> new Count()).value += count.value));
    int room = Math.min(settings.alphabetLimit(), settings.vocabularySize() - tokens.size());
    Map<Integer, Integer> alphabet = new HashMap<>();
    counts.entrySet().stream()
        .filter(entry -> entry.getValue().value >= settings.minimumFrequency())
        .sorted(
            Comparator.comparingLong((Map.Entry<Integer, Count> entry) -> -entry.getValue().value)
                .thenComparing(Map.Entry::getKey))
        .limit(room)
        .map(Map.Entry::getKey)
        .sorted()
        .forEach(c -> {
          alphabet.put(c, tokens.size());
          tokens.add(Character.toString(c));
        });
    return alphabet;
  }

  /// Every piece spelled with the alphabet; a character outside it cuts the piece in two.
  private List<PairMerging.Word> words(Map<Integer, Integer> alphabet) {
    List<PairMerging.Word> words = new ArrayList<>();
    pieces.forEach((piece, count) -> {
      int[] symbols = new int[piece.length()];
      int length = 0;
      for (int c : piece.codePoints().toArray()) {
        Integer id = alphabet.get(c);
        if (id != null) {
          symbols[length++] = id;
          continue;
        }
        addWord(words, symbols, length, count.value);
        length = 0;
      }
      addWord(words, symbols, length, count.value);
    });
    return words;
  }

  private static void addWord(List<PairMerging.Word> words, int[] symbols, int length, long count) {
    if (length > 1) {
      words.add(new PairMerging.Word(Arrays.copyOf(symbols, length), length, count));
    }
  }

  private static final class Count {
    private long value;
  }
}
