package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.VocabularyTrainer.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VocabularyTrainerTest {
  private static final Normalizer STANDARD = Normalizer.of(Normalization.STANDARD);
  private static final int BYTES_END = 5 + 256;

  @Test
  void train_committedCorpus_writesCommittedFilesByteForByte(@TempDir Path directory)
      throws IOException {
    List<String> corpus = Files.readAllLines(Fixtures.path("corpus.txt"));
    train(new Settings(800, 2, 300), corpus).write(directory, 64);
    for (String name :
        List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")) {
      assertEquals(
          Files.readString(Fixtures.path("tokenizer/" + name)),
          Files.readString(directory.resolve(name)));
    }
    try (var files = Files.list(directory)) {
      assertEquals(3, files.count());
    }
  }

  @Test
  void train_corpusInAnotherOrder_givesSameVocabulary() throws IOException {
    List<String> corpus = new ArrayList<>(Files.readAllLines(Fixtures.path("corpus.txt")));
    Vocabulary vocabulary = train(new Settings(700, 2, 300), corpus);
    Collections.shuffle(corpus, new Random(3));
    assertEquals(vocabulary, train(new Settings(700, 2, 300), corpus));
  }

  @Test
  void train_smallCorpus_mergesMostFrequentPairFirst() {
    // ▁ has the lowest id, so ▁+가 (3 times) goes before 가+나 (3), and ▁+나 (2) before ▁가나+다 (2).
    Vocabulary vocabulary =
        train(new Settings(BYTES_END + 4 + 3, 2, 100), List.of("가나다", "가나다", "가나", "나", "나"));
    assertEquals(Vocabulary.SPECIAL_TOKENS, vocabulary.tokens().subList(0, 5));
    assertEquals("<0x00>", vocabulary.tokens().get(5));
    assertEquals("<0xFF>", vocabulary.tokens().get(BYTES_END - 1));
    assertEquals(
        List.of("▁", "가", "나", "다"), vocabulary.tokens().subList(BYTES_END, BYTES_END + 4));
    assertEquals(
        List.of("▁가", "▁가나", "▁나"), vocabulary.tokens().subList(BYTES_END + 4, BYTES_END + 7));
    assertEquals(new Vocabulary.Merge(BYTES_END, BYTES_END + 1), vocabulary.merges().getFirst());
  }

  @Test
  void train_anyCorpus_mergesAreThoseOfCountingAnewEachTime() throws IOException {
    List<String> corpus = Files.readAllLines(Fixtures.path("corpus.txt")).subList(0, 120);
    Vocabulary vocabulary = train(new Settings(560, 2, 300), corpus);
    assertEquals(recounted(vocabulary, corpus), vocabulary.merges());
    assertTrue(vocabulary.merges().size() > 60);
  }

  @Test
  void train_minimumFrequency_leavesRarePairsAndCharactersOut() {
    Vocabulary vocabulary =
        train(new Settings(1000, 3, 100), List.of("가나", "가나", "가나", "다라", "다라"));
    assertEquals(
        List.of("▁", "가", "나", "▁가", "▁가나"),
        vocabulary.tokens().subList(BYTES_END, vocabulary.size()));
  }

  @Test
  void train_alphabetLimit_keepsMostFrequentCharacters() {
    Vocabulary vocabulary = train(new Settings(1000, 1, 2), List.of("가", "가", "나", "나", "나", "다"));
    assertEquals(
        List.of("▁", "나", "▁나"), vocabulary.tokens().subList(BYTES_END, vocabulary.size()));
  }

  @Test
  void train_word_isCutBetweenKindsOfCharacters() {
    assertEquals(
        List.of("▁좋아요", "!!", "ㅋㅋ", "▁", "▁😂", "▁10", "점", "▁202", "4", "▁CGV", "에서", "."),
        Pieces.of("좋아요!!ㅋㅋ ▁😂 10점 2024 CGV에서."));
    assertEquals(List.of(), Pieces.of(""));
  }

  @Test
  void train_progress_isToldEachSize() {
    List<Integer> sizes = new ArrayList<>();
    VocabularyTrainer trainer = new VocabularyTrainer(STANDARD, new Settings(266, 1, 100));
    trainer.add("가나다");
    Vocabulary vocabulary = trainer.train(sizes::add);
    assertEquals(List.of(266), sizes);
    assertEquals(266, vocabulary.size());
  }

  @Test
  void train_noText_isRefused() {
    NunchiException e =
        assertThrows(NunchiException.class, () -> train(Settings.STANDARD, List.of(" ", "")));
    assertEquals(Reason.INVALID_DATA, e.reason());
    assertEquals("the corpus of the vocabulary holds no text that is not blank", e.getMessage());
  }

  @Test
  void settings_outOfRange_areRefused() {
    NunchiException e = assertThrows(NunchiException.class, () -> new Settings(261, 2, 3000));
    assertEquals(Reason.INVALID_ARGUMENT, e.reason());
    assertEquals("vocabularySize is 261; at least 262", e.getMessage());
    assertThrows(NunchiException.class, () -> new Settings(16_000, 0, 3000));
    assertThrows(NunchiException.class, () -> new Settings(16_000, 2, 0));
    assertEquals(new Settings(16_000, 2, 3_000), Settings.STANDARD);
  }

  @Test
  void write_directoryThatIsAFile_isIoFailure(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    Vocabulary vocabulary = train(new Settings(266, 1, 100), List.of("가나다"));
    NunchiException e = assertThrows(NunchiException.class, () -> vocabulary.write(file, 64));
    assertEquals(Reason.IO_FAILURE, e.reason());
  }

  private static Vocabulary train(Settings settings, List<String> corpus) {
    VocabularyTrainer trainer = new VocabularyTrainer(STANDARD, settings);
    corpus.forEach(trainer::add);
    return trainer.train(size -> {});
  }

  /// The slow way: count all pairs of all pieces, take the best, replace it everywhere, again.
  private static List<Vocabulary.Merge> recounted(Vocabulary vocabulary, List<String> corpus) {
    Map<String, Integer> ids = new HashMap<>();
    vocabulary.tokens().forEach(token -> ids.put(token, ids.size()));
    List<List<String>> words = new ArrayList<>();
    for (String text : corpus) {
      for (String piece : Pieces.of(STANDARD.apply(text))) {
        List<String> word = new ArrayList<>();
        for (int c : piece.codePoints().toArray()) {
          String character = Character.toString(c);
          if (ids.containsKey(character)) {
            word.add(character);
          } else {
            words.add(word);
            word = new ArrayList<>();
          }
        }
        words.add(word);
      }
    }
    List<Vocabulary.Merge> merges = new ArrayList<>();
    while (merges.size() < vocabulary.merges().size()) {
      Map<Vocabulary.Merge, Integer> counts = new HashMap<>();
      for (List<String> word : words) {
        for (int i = 0; i + 1 < word.size(); i++) {
          counts.merge(pair(ids, word.get(i), word.get(i + 1)), 1, Integer::sum);
        }
      }
      Vocabulary.Merge best =
          counts.entrySet().stream()
              .min(
                  Comparator.comparingInt(
                          (Map.Entry<Vocabulary.Merge, Integer> entry) -> -entry.getValue())
                      .thenComparingInt(entry -> entry.getKey().left())
                      .thenComparingInt(entry -> entry.getKey().right()))
              .orElseThrow()
              .getKey();
      merges.add(best);
      String left = vocabulary.tokens().get(best.left());
      String right = vocabulary.tokens().get(best.right());
      for (List<String> word : words) {
        for (int i = 0; i + 1 < word.size(); i++) {
          if (word.get(i).equals(left) && word.get(i + 1).equals(right)) {
            word.set(i, left + right);
            word.remove(i + 1);
          }
        }
      }
    }
    return merges;
  }

  private static Vocabulary.Merge pair(Map<String, Integer> ids, String left, String right) {
    return new Vocabulary.Merge(ids.getOrDefault(left, -1), ids.getOrDefault(right, -1));
  }
}
