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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What transformers made of the same SentencePiece models with other files beside them;
/// `generate_sentencepiece.py`.
final class SentencePieceVocabularyTest {
  private static final Normalizer NONE = Normalizer.of(Normalization.NONE);
  private static final String DEBERTA = "spm.model";
  private static final String XLM_R = "sentencepiece.bpe.model";

  @TempDir Path directory;

  static Stream<JsonNode> variants() throws IOException {
    return fixture().path("variants").valueStream();
  }

  private static JsonNode fixture() throws IOException {
    return new JsonMapper().readTree(Fixtures.path("sentencepiece.json").toFile());
  }

  @ParameterizedTest
  @MethodSource("variants")
  void encode_settings_givesTheIdsOfTransformers(JsonNode variant) throws IOException {
    write(variant);
    int compared = 0;
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 100_000)) {
      JsonNode texts = fixture().path("texts");
      for (int i = 0; i < texts.size(); i++) {
        int[] ids = Fixtures.ints(variant.path("ids").path(i));
        String text = texts.path(i).asText();
        // A text in which nothing can be seen is refused, see TextEncoderTest.
        if (ids.length > 2 && !Normalizer.isEmpty(text)) {
          int[] encoded = encoder.encode(text, Truncation.REJECT).inputIds();
          assertArrayEquals(ids, encoded, variant.path("name").asText() + ": " + text);
          compared++;
        }
      }
      assertArrayEquals(
          Fixtures.ints(variant.path("pair")),
          encoder.encode("영화 정말", "재미있어요", Truncation.REJECT).inputIds());
    }
    assertTrue(compared >= 42, "texts with tokens: " + compared);
  }

  /// What is copied into a checkpoint or an exported directory.
  @ParameterizedTest
  @MethodSource("variants")
  void tokenizerJson_alone_givesTheSameIds(JsonNode variant) throws IOException {
    write(variant);
    Path alone = Files.createDirectory(directory.resolve("alone"));
    Files.writeString(alone.resolve("tokenizer.json"), TextEncoder.tokenizerJson(directory));
    String text = "재미있어요 <mask> ㅋㅋㅋ [MASK] ｇｒｅａｔ";
    try (TextEncoder first = TextEncoder.open(directory, NONE, 1000);
        TextEncoder second = TextEncoder.open(alone, NONE, 1000)) {
      assertArrayEquals(
          first.encode(text, Truncation.REJECT).inputIds(),
          second.encode(text, Truncation.REJECT).inputIds());
    }
    assertEquals(TokenLimit.of(alone).id(), TokenLimit.of(directory).id());
  }

  @Test
  void open_modelWithoutRules_leavesCharactersAsTheyAre() throws IOException {
    model(XLM_R, "xlm-roberta", "1a021200");
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 100)) {
      int unknown = encoder.tokenId("<unk>").orElseThrow();
      int[] ids = encoder.encode("ｇ", Truncation.REJECT).inputIds();
      assertEquals(unknown, ids[ids.length - 2], Arrays.toString(ids));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "12021802, UNSUPPORTED_MODEL, of the type BPE",
    "12021803, UNSUPPORTED_MODEL, of the type WORD",
    "12021804, UNSUPPORTED_MODEL, of the type CHAR",
    "12021809, UNSUPPORTED_MODEL, of the type 9",
    "0a00, INVALID_MODEL, piece 280 is '' with the score 0.0",
    "0a080a0161150000c07f, INVALID_MODEL, piece 280 is 'a' with the score NaN",
    "0a030a01ff, INVALID_MODEL, is not a SentencePiece model",
    "0a7f, INVALID_MODEL, is not a SentencePiece model",
    "0a, INVALID_MODEL, is not a SentencePiece model",
    "0affffffffffffffffff01, INVALID_MODEL, is not a SentencePiece model",
    "0affffffffffffffffffff01, INVALID_MODEL, is not a SentencePiece model",
    "07, INVALID_MODEL, is not a SentencePiece model",
    "0001, INVALID_MODEL, is not a SentencePiece model",
    "0801, INVALID_MODEL, is not a SentencePiece model",
  })
  void open_modelThatIsNotUnderstood_isRefusedNamingTheFile(
      String appended, Reason reason, String fault) throws IOException {
    model(DEBERTA, "deberta-v2", appended);
    assertRefused(reason, DEBERTA, fault);
  }

  @Test
  void open_anotherFile_isRefused() throws IOException {
    Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"deberta-v2\"}");
    for (String content : new String[] {"", "version https://git-lfs", "{\"a\": 1}", "\u0000"}) {
      Files.writeString(directory.resolve(DEBERTA), content);
      assertRefused(Reason.INVALID_MODEL, DEBERTA, "a SentencePiece model");
    }
  }

  @Test
  void open_unknownIdWithoutPiece_isRefusedNamingIt() throws IOException {
    model(DEBERTA, "deberta-v2", "1204c0029903");
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"unk_token\": \"<none>\"}");
    assertRefused(Reason.INVALID_MODEL, DEBERTA, "unk_id 409, but 280 pieces");
  }

  /// Rules that lead out of their tables end the process where the native library meets them.
  @ParameterizedTest
  @CsvSource({"00", "04000000", "0400000000000000", "040000000004000061"})
  void open_damagedRules_areRefused(String rules) throws IOException {
    String field = "12%02x%s".formatted(rules.length() / 2, rules);
    model(XLM_R, "xlm-roberta", "1a%02x%s".formatted(field.length() / 2, field));
    assertRefused(Reason.INVALID_MODEL, XLM_R, "precompiled_charsmap of the normalizer is damaged");
  }

  /// Whatever byte is not what it was, there is an answer or one sentence.
  @Test
  void open_damagedBytes_openOrAreRefused() throws IOException {
    Random random = new Random(4);
    byte[] whole = Files.readAllBytes(Fixtures.path("sentencepiece/" + XLM_R));
    Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"xlm-roberta\"}");
    int refused = 0;
    for (int i = 0; i < 600; i++) {
      byte[] bytes = whole.clone();
      for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Files.write(
          directory.resolve(XLM_R),
          i % 3 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes);
      try (TextEncoder encoder = TextEncoder.open(directory, NONE, 1000)) {
        assertTrue(encoder.encode("ｇｒｅａｔ 영화 ﬁ é", Truncation.REJECT).length() > 2);
      } catch (NunchiException e) {
        assertTrue(e.getMessage().contains(XLM_R), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > 100, "refused: " + refused);
  }

  @ParameterizedTest
  @CsvSource({
    "spm.model, {}, neither config.json nor tokenizer_config.json",
    "spm.model, {\"model_type\": \"t5\"}, model_type of config.json is t5",
    "spm.model, {\"model_type\": \"xlm-roberta\"}, model_type of config.json is xlm-roberta",
    "sentencepiece.bpe.model, {\"model_type\": \"deberta-v2\"}, model_type of config.json is",
  })
  void open_modelOfAnotherFamily_isRefusedNamingIt(String file, String config, String fault)
      throws IOException {
    Files.copy(Fixtures.path("sentencepiece/" + file), directory.resolve(file));
    Files.writeString(directory.resolve("config.json"), config);
    assertRefused(Reason.UNSUPPORTED_MODEL, file, fault);
  }

  /// As with the sentence encoders that are BERT with the tokenizer of XLM-R.
  @Test
  void open_tokenizerClass_goesBeforeTheModelType() throws IOException {
    model(XLM_R, "bert", "");
    Path settings = directory.resolve("tokenizer_config.json");
    for (String name : new String[] {"XLMRobertaTokenizer", "XLMRobertaTokenizerFast"}) {
      Files.writeString(settings, "{\"tokenizer_class\": \"%s\"}".formatted(name));
      TextEncoder.open(directory, NONE, 100).close();
    }
    Files.writeString(settings, "{\"tokenizer_class\": \"MBartTokenizer\"}");
    assertRefused(Reason.UNSUPPORTED_MODEL, XLM_R, "tokenizer_class is MBartTokenizer");
  }

  private void write(JsonNode variant) throws IOException {
    String appended = variant.path("files").path("appended").asText();
    model(variant.path("model").asText(), variant.path("type").asText(), appended);
    for (Map.Entry<String, JsonNode> file : variant.path("files").properties()) {
      if (file.getKey().endsWith(".json")) {
        Files.writeString(
            directory.resolve(file.getKey()), file.getValue().asText(), StandardCharsets.UTF_8);
      }
    }
  }

  /// @param appended fields in hexadecimal, which go before those of the same number in the model
  private void model(String name, String type, String appended) throws IOException {
    Path file = directory.resolve(name);
    Files.copy(Fixtures.path("sentencepiece/" + name), file);
    Files.write(
        file, HexFormat.of().parseHex(appended.replace(" ", "")), StandardOpenOption.APPEND);
    Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"%s\"}".formatted(type));
  }

  private void assertRefused(Reason reason, String file, String fault) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, NONE, 100));
    assertEquals(reason, e.reason(), e.getMessage());
    assertTrue(e.getMessage().contains(file), e.getMessage());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }
}
