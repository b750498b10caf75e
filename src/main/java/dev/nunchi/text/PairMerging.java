package dev.nunchi.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.IntConsumer;

/// Merges the most frequent pair of neighbouring tokens, again and again.
///
/// Counts of pairs are kept with the words they occur in, so that a merge touches only those; the
/// queue of pairs is put right when a pair with an outdated count comes out of it.
final class PairMerging {
  /// A piece as token ids, `symbols[0, length)`.
  static final class Word {
    private final int[] symbols;
    private int length;
    private final long count;

    Word(int[] symbols, int length, long count) {
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

  private final List<String> tokens;
  private final VocabularyTrainer.Settings settings;
  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Long, Pair> pairs = new HashMap<>();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>(Candidate.MOST_FREQUENT_FIRST);
  private final Set<Pair> changed = new HashSet<>();

  /// @param tokens special tokens, bytes and characters; grows with every merge
  PairMerging(List<String> tokens, List<Word> words, VocabularyTrainer.Settings settings) {
    this.tokens = tokens;
    this.settings = settings;
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

  Vocabulary run(IntConsumer progress) {
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
            from + 1 < word.length && symbols[from] == pair.left && symbols[from + 1] == pair.right;
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

  /// Pairs that only lost wait in the queue with a count too high, and are put right when they come
  /// out; pairs that won have to be put in anew.
  private void enqueueChanged() {
    changed.forEach(this::enqueue);
    changed.clear();
  }

  private void enqueue(Pair pair) {
    if (pair.count >= settings.minimumFrequency()) {
      queue.add(new Candidate(pair, pair.count));
    }
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }
}
