package dev.nunchi.text;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
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
    return new Merging(tokens, words(alphabet)).run(progress);
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
  private List<Word> words(Map<Integer, Integer> alphabet) {
    List<Word> words = new ArrayList<>();
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

  private static void addWord(List<Word> words, int[] symbols, int length, long count) {
    if (length > 1) {
      words.add(new Word(Arrays.copyOf(symbols, length), length, count));
    }
  }

  private static final class Count {
    private long value;
  }

  /// A piece as token ids, `symbols[0, length)`.
  private static final class Word {
    private final int[] symbols;
    private int length;
    private final long count;

    private Word(int[] symbols, int length, long count) {
      this.symbols = symbols;
      this.length = length;
      this.count = count;
    }
  }

  /// Two neighbouring tokens with their count and the words that have, or had, them.
  private static final class Pair {
    private final int left;
    private final int right;
    private long count;
    private boolean merged;
    private List<Word> words = new ArrayList<>();

    private Pair(int left, int right) {
      this.left = left;
      this.right = right;
    }
  }

  /// A pair in the queue with the count it had when it came in.
  private record Candidate(Pair pair, long count) {
    static final Comparator<Candidate> MOST_FREQUENT_FIRST =
        Comparator.comparingLong((Candidate candidate) -> -candidate.count)
            .thenComparingInt(candidate -> candidate.pair.left)
            .thenComparingInt(candidate -> candidate.pair.right);
  }

  private final class Merging {
    private final List<String> tokens;
    private final Map<String, Integer> ids = new HashMap<>();
    private final Map<Long, Pair> pairs = new HashMap<>();
    private final PriorityQueue<Candidate> queue =
        new PriorityQueue<>(Candidate.MOST_FREQUENT_FIRST);
    private final Set<Pair> changed = new HashSet<>();

    private Merging(List<String> tokens, List<Word> words) {
      this.tokens = tokens;
      for (int id = 0; id < tokens.size(); id++) {
        ids.put(tokens.get(id), id);
      }
      for (Word word : words) {
        for (int i = 0; i + 1 < word.length; i++) {
          found(word, word.symbols[i], word.symbols[i + 1]);
        }
      }
      enqueueChanged();
    }

    private Vocabulary run(IntConsumer progress) {
      List<Vocabulary.Merge> merges = new ArrayList<>();
      while (tokens.size() < settings.vocabularySize()) {
        Candidate candidate = queue.poll();
        if (candidate == null || candidate.count < settings.minimumFrequency()) {
          break;
        }
        Pair pair = candidate.pair;
        if (candidate.count != pair.count) {
          enqueue(pair);
          continue;
        }
        String token = tokens.get(pair.left) + tokens.get(pair.right);
        Integer known = ids.putIfAbsent(token, tokens.size());
        if (known == null) {
          tokens.add(token);
        }
        // A token that two merges make can bring a merged pair back; its first merge stands.
        if (!pair.merged) {
          pair.merged = true;
          merges.add(new Vocabulary.Merge(pair.left, pair.right));
        }
        merge(pair, ids.getOrDefault(token, -1));
        progress.accept(tokens.size());
      }
      return new Vocabulary(List.copyOf(tokens), List.copyOf(merges));
    }

    private void merge(Pair pair, int merged) {
      List<Word> words = pair.words;
      pair.words = new ArrayList<>();
      for (Word word : words) {
        int[] symbols = word.symbols;
        int to = 0;
        for (int from = 0; from < word.length; from++) {
          boolean here =
              from + 1 < word.length
                  && symbols[from] == pair.left
                  && symbols[from + 1] == pair.right;
          if (!here) {
            symbols[to++] = symbols[from];
            continue;
          }
          lost(word, pair.left, pair.right);
          if (to > 0) {
            lost(word, symbols[to - 1], pair.left);
            found(word, symbols[to - 1], merged);
          }
          if (from + 2 < word.length) {
            lost(word, pair.right, symbols[from + 2]);
            found(word, merged, symbols[from + 2]);
          }
          symbols[to++] = merged;
          from++;
        }
        word.length = to;
      }
      enqueueChanged();
    }

    private void found(Word word, int left, int right) {
      Pair pair = pairs.computeIfAbsent(key(left, right), key -> new Pair(left, right));
      pair.count += word.count;
      // A word that has the pair twice in a row of merges would be listed twice in a row.
      if (pair.words.isEmpty() || pair.words.getLast() != word) {
        pair.words.add(word);
      }
      changed.add(pair);
    }

    private void lost(Word word, int left, int right) {
      Pair pair = pairs.get(key(left, right));
      if (pair != null) {
        pair.count -= word.count;
      }
    }

    /// Pairs that only lost wait in the queue with a count too high, and are put right when they
    /// come out; pairs that won have to be put in anew.
    private void enqueueChanged() {
      changed.forEach(this::enqueue);
      changed.clear();
    }

    private void enqueue(Pair pair) {
      if (pair.count >= settings.minimumFrequency()) {
        queue.add(new Candidate(pair, pair.count));
      }
    }
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }
}
