package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What transformers made of the same `vocab.txt` with other files beside it;
/// `generate_vocab_settings.py`.
final class WordPieceVocabularyTest {
  private static final Normalizer NONE = Normalizer.of(Normalization.NONE);

  @TempDir Path directory;

  static Stream<JsonNode> variants() throws IOException {
    return new JsonMapper().readTree(Fixtures.path("vocab-settings.json").toFile()).valueStream();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void encode_settings_givesTheIdsOfTransformers(JsonNode variant) throws IOException {
    write(variant);
    int compared = 0;
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 100_000)) {
      for (JsonNode row : variant.path("rows")) {
        int[] ids = Fixtures.ints(row.path("ids"));
        if (ids.length > 2) {
          String text = row.path("text").asText();
          int[] encoded = encoder.encode(text, Truncation.REJECT).inputIds();
          assertArrayEquals(ids, encoded, variant.path("name").asText() + ": " + text);
          compared++;
        }
      }
    }
    assertTrue(compared > 35, "texts with tokens: " + compared);
  }

  /// What is copied into a checkpoint or an exported directory.
  @ParameterizedTest
  @MethodSource("variants")
  void tokenizerJson_alone_givesTheSameIds(JsonNode variant) throws IOException {
    write(variant);
    String json = TextEncoder.tokenizerJson(directory);
    Path alone = Files.createDirectory(directory.resolve("alone"));
    Files.writeString(alone.resolve("tokenizer.json"), json);
    try (TextEncoder first = TextEncoder.open(directory, NONE, 1000);
        TextEncoder second = TextEncoder.open(alone, NONE, 1000)) {
      for (JsonNode row : variant.path("rows")) {
        if (row.path("ids").size() > 2) {
          String text = row.path("text").asText();
          assertArrayEquals(
              first.encode(text, Truncation.REJECT).inputIds(),
              second.encode(text, Truncation.REJECT).inputIds(),
              text);
        }
      }
    }
  }

  @Test
  void read_byteOrderMark_isNoPartOfTheFirstToken() throws IOException {
    write("vocab.txt", "\uFEFF[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n좋\n##아\n");
    write("tokenizer_config.json", "\uFEFF{\"do_lower_case\": false}");
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 100)) {
      assertArrayEquals(new int[] {2, 5, 6, 3}, encoder.encode("좋아", Truncation.REJECT).inputIds());
      assertEquals(0, encoder.tokenId("[PAD]").orElseThrow());
    }
  }

  @Test
  void read_tokenThatStandsTwice_hasTheIdOfItsLastLine() throws IOException {
    write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n좋\n[CLS]\n");
    write("tokenizer_config.json", "{\"do_lower_case\": false}");
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 100)) {
      assertArrayEquals(new int[] {4, 3, 2}, encoder.encode("좋", Truncation.REJECT).inputIds());
    }
  }

  @Test
  void open_vocabularyWithoutWhatEveryTextNeeds_isRefusedNamingIt() throws IOException {
    write("vocab.txt", "[CLS]\n[SEP]\n좋\n");
    assertRefused(Reason.INVALID_MODEL, "vocab.txt lacks the special token [UNK]");
  }

  @Test
  void open_tokenizerOfAnotherClass_isRefusedNamingIt() throws IOException {
    write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n좋\n");
    write("tokenizer_config.json", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}");
    assertRefused(Reason.UNSUPPORTED_MODEL, "tokenizer_class is BertJapaneseTokenizer");
  }

  @Test
  void open_settingsThatAreNoObject_areRefusedNamingTheFile() throws IOException {
    write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n좋\n");
    for (String content : new String[] {"[]", "{", "", "1"}) {
      for (String file :
          new String[] {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}) {
        write(file, content);
        assertRefused(Reason.INVALID_MODEL, file);
        Files.delete(directory.resolve(file));
      }
    }
  }

  @Test
  void tokenLimit_highestId_isOfWhateverGivesIt() throws IOException {
    write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n좋\n");
    write("added_tokens.json", "{\"[URL]\": 4}");
    assertEquals(4, TokenLimit.of(directory).id());
    for (Map.Entry<String, Integer> tokenizer :
        Map.of(
                "{\"model\": {\"vocab\": {\"a\": 3, \"b\": 1}}}",
                3,
                "{\"model\": {\"vocab\": [[\"a\", 0.5], [\"b\", 0.5]], \"x\": {}}}",
                1,
                "{\"added_tokens\": [{\"id\": 9, \"content\": \"x\"}], \"model\": {\"vocab\": {}}}",
                9,
                "{\"post_processor\": {\"sep\": [\"s\", 7], \"cls\": [\"c\", 2]}, \"model\": {}}",
                7,
                "{\"post_processor\": {\"special_tokens\": {\"s\": {\"id\": \"s\", \"ids\":"
                    + " [8]}}}}",
                8)
            .entrySet()) {
      write("tokenizer.json", tokenizer.getKey());
      assertEquals(tokenizer.getValue(), TokenLimit.of(directory).id(), tokenizer.getKey());
    }
    for (String damaged : new String[] {"", "{", "[]", "{\"model\": {\"vocab\": {\"a\": 1", "x"}) {
      write("tokenizer.json", damaged);
      assertThrows(NunchiException.class, () -> TokenLimit.of(directory), damaged);
    }
  }

  private void write(JsonNode variant) throws IOException {
    String vocabulary = Files.readString(Fixtures.path("wordpiece/vocab.txt"));
    for (Map.Entry<String, JsonNode> file : variant.path("files").properties()) {
      write(file.getKey(), file.getValue().asText());
    }
    String change = variant.path("files").path("vocab.txt").asText();
    switch (change) {
      case "renamed" ->
          vocabulary =
              vocabulary
                  .replace("[PAD]", "<pad>")
                  .replace("[UNK]", "<unk>")
                  .replace("[CLS]", "<s>")
                  .replace("[SEP]", "</s>")
                  .replace("[MASK]", "<mask>");
      case "carriage returns" -> vocabulary = vocabulary.replace("\n", "\r\n");
      default -> assertEquals("", change);
    }
    write("vocab.txt", vocabulary);
  }

  private void write(String file, String content) throws IOException {
    Files.writeString(directory.resolve(file), content);
  }

  private void assertRefused(Reason reason, String fault) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, NONE, 100));
    assertEquals(reason, e.reason());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }
}
