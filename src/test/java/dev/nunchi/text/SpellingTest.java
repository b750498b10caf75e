package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpellingTest {
  @TempDir private Path directory;
  private Path characters;

  @BeforeEach
  void writeCharacters() throws IOException {
    characters = Files.createDirectory(directory.resolve("characters"));
    CharacterVocabulary.of(List.of("좋아요 ㅋㅋ a!"), Normalizer.of(Normalization.STANDARD), 1, 100)
        .write(characters, 64);
  }

  private Path unigram(String vocabulary) throws IOException {
    Path pieces = Files.createDirectory(directory.resolve("pieces"));
    Files.writeString(
        pieces.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null,
         "added_tokens": [
           {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
           {"id": 1, "content": "<pad>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
           {"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
           {"id": 3, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
           {"id": 11, "content": "요ㅋ", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false}],
         "normalizer": null,
         "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
           "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
         "decoder": null,
         "model": {"type": "Unigram", "unk_id": 3, "vocab": [%s]}}
        """
            .formatted(vocabulary));
    return pieces;
  }

  private static final String PIECES =
      "[\"<s>\", 0.0], [\"<pad>\", 0.0], [\"</s>\", 0.0], [\"<unk>\", 0.0], [\"▁좋아요\", -1.0],"
          + " [\"▁\", -2.0], [\"\u110F\u110F\", -2.0], [\"A!\", -2.5], [\"🙂\", -3.0], [\"가\","
          + " -3.5], [\"<0xF0>\", -9.0]";

  @Test
  void of_unigramPieces_areSpelledAsTheOtherTokenizerReadsThem() throws IOException {
    Spelling spelling = Spelling.of(unigram(PIECES), characters);

    // The text "좋아요 ㅋㅋ A!" as SentencePiece's normaliser leaves it.
    int[] spelled = spelling.of(new int[] {0, 4, 5, 6, 5, 7, 2});

    try (TextEncoder encoder =
        TextEncoder.open(characters, Normalizer.of(Normalization.STANDARD), 64)) {
      assertArrayEquals(encoder.encode("좋아요 ㅋㅋ A!", Truncation.REJECT).inputIds(), spelled);
    }
  }

  /// The vocabulary of a new network.
  @Test
  void of_pairsOfCharacters_areSpelledAsTheOtherTokenizerReadsThem() throws IOException {
    Normalizer normalizer = Normalizer.of(Normalization.STANDARD);
    VocabularyTrainer trainer =
        new VocabularyTrainer(normalizer, new VocabularyTrainer.Settings(400, 1, 100));
    List.of("좋아요 정말 좋아요", "정말 a! a!").forEach(trainer::add);
    Path pieces = directory.resolve("pairs");
    trainer.train(progress -> {}).write(pieces, 64);
    Spelling spelling = Spelling.of(pieces, characters);

    try (TextEncoder pairs = TextEncoder.open(pieces, normalizer, 64);
        TextEncoder encoder = TextEncoder.open(characters, normalizer, 64)) {
      int[] ids = pairs.encode("좋아요 a!", Truncation.REJECT).inputIds();
      int[] expected = encoder.encode("좋아요 a!", Truncation.REJECT).inputIds();
      assertArrayEquals(expected, spelling.of(ids));
      assertTrue(ids.length < expected.length);
    }
  }

  @Test
  void of_piecesOfBytes_isRefused() throws IOException {
    Path pieces = unigram(PIECES);
    Path file = pieces.resolve("tokenizer.json");
    Files.writeString(
        file,
        Files.readString(file)
            .replace("\"decoder\": null", "\"decoder\": {\"type\": \"ByteLevel\"}"));

    NunchiException refused =
        assertThrows(NunchiException.class, () -> Spelling.of(pieces, characters));

    assertTrue(refused.getMessage().contains("of bytes"), refused.getMessage());
  }

  @Test
  void of_unknownAndPadding_areTheUnknownAndNothing() throws IOException {
    Spelling spelling = Spelling.of(unigram(PIECES), characters);

    assertArrayEquals(
        new int[] {Vocabulary.UNK_ID, Vocabulary.UNK_ID}, spelling.of(new int[] {3, 8}));
    assertArrayEquals(new int[0], spelling.of(new int[] {1, 1}));
  }

  @Test
  void of_wordsThatWereAdded_areSpelledAndBytesAreUnknown() throws IOException {
    Spelling spelling = Spelling.of(unigram(PIECES), characters);

    try (TextEncoder encoder =
        TextEncoder.open(characters, Normalizer.of(Normalization.STANDARD), 64)) {
      int[] added = encoder.encode("요ㅋ", Truncation.REJECT).inputIds();
      assertArrayEquals(added, spelling.of(new int[] {0, 11, 2}));
    }
    assertArrayEquals(new int[] {Vocabulary.UNK_ID}, spelling.of(new int[] {10}));
  }

  @Test
  void of_otherVocabularyIsOfPieces_isRefused() throws IOException {
    Path pieces = unigram(PIECES);

    NunchiException refused =
        assertThrows(NunchiException.class, () -> Spelling.of(pieces, pieces));

    assertEquals(Reason.UNSUPPORTED_MODEL, refused.reason());
    assertTrue(
        refused.getMessage().contains("no vocabulary of single characters"), refused.getMessage());
  }

  @Test
  void of_piecesAreCharactersThemselves_isRefused() {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> Spelling.of(characters, characters));

    assertTrue(refused.getMessage().contains("WordLevel"), refused.getMessage());
  }
}
