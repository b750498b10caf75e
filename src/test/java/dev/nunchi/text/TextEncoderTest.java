package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TextEncoderTest {
  private static final Normalizer STANDARD = Normalizer.of(Normalization.STANDARD);
  private static final Normalizer NONE = Normalizer.of(Normalization.NONE);
  private static final TextEncoder ENCODER =
      TextEncoder.open(Fixtures.path("tokenizer/tokenizer.json"), STANDARD, 8);
  private static final String LONG_TEXT = "이 영화 정말 재미있었어요 다시 보고 싶네요 추천합니다 ㅋㅋㅋ";

  @AfterAll
  static void close() {
    ENCODER.close();
  }

  @Test
  void open_ownFiles_knowsTokens() {
    assertEquals(OptionalInt.of(0), ENCODER.tokenId("[PAD]"));
    assertEquals(OptionalInt.of(4), ENCODER.tokenId("[MASK]"));
    assertEquals(OptionalInt.empty(), ENCODER.tokenId("[NONE]"));
    assertEquals(791, ENCODER.vocabularySize());
    assertEquals(8, ENCODER.maxLength());
    assertEquals(Normalization.STANDARD, ENCODER.normalizer().settings());
  }

  @Test
  void encode_shortText_hasSpecialTokensAroundIt() {
    Encoding encoding = ENCODER.encode("이 영화", Truncation.REJECT);
    assertEquals(2, encoding.inputIds()[0]);
    assertEquals(3, encoding.inputIds()[encoding.length() - 1]);
    assertEquals(Span.NONE, encoding.spans().getFirst());
    assertEquals(Span.NONE, encoding.spans().getLast());
    assertEquals(new Span(0, 1), encoding.spans().get(1));
    assertEquals(encoding.length(), encoding.tokenCount());
    assertFalse(encoding.truncated());
    assertArrayEquals(new int[encoding.length()], encoding.tokenTypeIds());
  }

  @Test
  void encode_normalisedText_spansAreInCallersText() {
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, 64)) {
      String text = "\ufeff😂\u200b\u110b\u1167\u11bc\u1112\u116a ㅋㅋㅋㅋㅋㅋㅋ";
      Encoding encoding = encoder.encode(text, Truncation.REJECT);
      List<Span> spans = encoding.spans().subList(1, encoding.length() - 1);
      assertEquals(new Span(1, 3), spans.getFirst());
      // One token of a run cut to three, or several: they reach to the end of the run.
      assertEquals(text.length(), spans.getLast().end());
      int end = 0;
      for (Span span : spans) {
        assertTrue(span.end() >= end && span.start() <= span.end());
        end = span.end();
      }
      Encoding plain = encoder.encode("😂영화 ㅋㅋㅋ", Truncation.REJECT);
      assertArrayEquals(plain.inputIds(), encoding.inputIds());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  \n", "\u200b\ufeff", "\u0007", "\u3000\u2800"})
  void encode_nothingLeft_isRefused(String text) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> ENCODER.encode(text, Truncation.KEEP_HEAD));
    assertEquals(Reason.EMPTY_TEXT, e.reason());
    assertEquals("text", e.field());
  }

  @Test
  void encode_nothingToSee_isRefusedWithoutNormalisationToo() {
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), NONE, 8)) {
      NunchiException e =
          assertThrows(NunchiException.class, () -> encoder.encode("\u3164", Truncation.REJECT));
      assertEquals(Reason.EMPTY_TEXT, e.reason());
    }
  }

  @Test
  void encode_nothingLeftByTokenizersOwnNormaliser_isRefused(@TempDir Path directory)
      throws IOException {
    Files.copy(Fixtures.path("wordpiece/vocab.txt"), directory.resolve("vocab.txt"));
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 8)) {
      NunchiException e =
          assertThrows(NunchiException.class, () -> encoder.encode("\uFFFD", Truncation.REJECT));
      assertEquals(Reason.EMPTY_TEXT, e.reason());
    }
  }

  /// What reads them in native code would end the process.
  @ParameterizedTest
  @ValueSource(strings = {"number", "key", "text", "levels", "levels of a list"})
  void open_decoderThatNothingReads_isRefusedByName(String kind, @TempDir Path directory)
      throws IOException {
    String decoder =
        switch (kind) {
          case "number" -> "{\"type\": \"ByteFallback\", \"a\": 1e400}";
          case "key" -> "{\"type\": \"ByteFallback\", \"\\ud83d\": 1}";
          case "text" -> "{\"type\": \"ByteFallback\", \"a\": \"\\ud83d\"}";
          case "levels" -> "{\"a\":".repeat(200) + "1" + "}".repeat(200);
          default -> "[".repeat(200) + "]".repeat(200);
        };
    ObjectNode root =
        (ObjectNode) new JsonMapper().readTree(Fixtures.path("tokenizer/tokenizer.json").toFile());
    root.put("decoder", "decoder");
    Path file = directory.resolve("tokenizer.json");
    Files.writeString(file, root.toString().replace(":\"decoder\"", ":" + decoder));
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(file, STANDARD, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().contains("decoder has "), e.getMessage());
  }

  /// The library is at 100,000 characters for many minutes.
  @Test
  void open_addedTokenWithoutEnd_isRefusedByName(@TempDir Path directory) throws IOException {
    ObjectNode root =
        (ObjectNode) new JsonMapper().readTree(Fixtures.path("tokenizer/tokenizer.json").toFile());
    ((ObjectNode) root.at("/added_tokens/3")).put("content", "가".repeat(100_000));
    Path file = directory.resolve("tokenizer.json");
    Files.writeString(file, root.toString());
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(file, STANDARD, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().contains("added_tokens has a token of 100000"), e.getMessage());
  }

  @Test
  void encode_numberOfTokensOverWhatThereAre_isRefusedByName(@TempDir Path directory)
      throws IOException {
    Path whole = TinyCheckpoint.BERT.path().resolve("tokenizer.json");
    Path file = directory.resolve("tokenizer.json");
    String json = Files.readString(whole).replaceAll("\"type_id\": *0", "\"type_id\": 2147483648");
    Files.writeString(file, json);
    try (TextEncoder encoder = TextEncoder.open(file, STANDARD, 8)) {
      NunchiException e =
          assertThrows(NunchiException.class, () -> encoder.encode("영화", Truncation.REJECT));
      assertEquals(Reason.INVALID_MODEL, e.reason());
      assertTrue(e.getMessage().contains("2147483648"), e.getMessage());
    }
  }

  @Test
  void encode_tooLongRejected_namesCountAndLimit() {
    int count = whole().length;
    NunchiException e =
        assertThrows(NunchiException.class, () -> ENCODER.encode(LONG_TEXT, Truncation.REJECT));
    assertEquals(Reason.TOO_MANY_TOKENS, e.reason());
    assertEquals("text", e.field());
    assertEquals("text has %d tokens; the model takes at most 8".formatted(count), e.getMessage());
  }

  @Test
  void encode_tooLongKeepHead_keepsFirstTokensAndSpecialOnes() {
    int[] whole = whole();
    Encoding encoding = ENCODER.encode(LONG_TEXT, Truncation.KEEP_HEAD);
    int[] expected = Arrays.copyOf(whole, 8);
    expected[7] = 3;
    assertArrayEquals(expected, encoding.inputIds());
    assertEquals(whole.length, encoding.tokenCount());
    assertTrue(encoding.truncated());
    assertEquals(8, encoding.spans().size());
  }

  @Test
  void encode_tooLongKeepHeadAndTail_keepsBothEndsHeadTheLarger() {
    int[] whole = whole();
    int last = whole.length - 1;
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, 7)) {
      Encoding encoding = encoder.encode(LONG_TEXT, Truncation.KEEP_HEAD_AND_TAIL);
      assertArrayEquals(
          new int[] {2, whole[1], whole[2], whole[3], whole[last - 2], whole[last - 1], 3},
          encoding.inputIds());
      assertEquals(LONG_TEXT.length(), encoding.spans().get(5).end());
      assertTrue(encoding.truncated());
    }
  }

  @Test
  void encode_exactlyMaxLength_isWhole() {
    int[] whole = whole();
    try (TextEncoder encoder =
        TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, whole.length)) {
      Encoding encoding = encoder.encode(LONG_TEXT, Truncation.REJECT);
      assertArrayEquals(whole, encoding.inputIds());
      assertFalse(encoding.truncated());
    }
  }

  @Test
  void encode_contextTooLong_contextGivesWayFirst() {
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, 12)) {
      Encoding text = encoder.encode("이 영화", Truncation.REJECT);
      Encoding pair = encoder.encode("이 영화", LONG_TEXT, Truncation.KEEP_HEAD);
      assertEquals(12, pair.length());
      assertTrue(pair.truncated());
      assertArrayEquals(text.inputIds(), Arrays.copyOf(pair.inputIds(), text.length()));
      assertEquals(0, pair.tokenTypeIds()[text.length() - 1]);
      assertEquals(1, pair.tokenTypeIds()[text.length()]);
      assertEquals(3, pair.inputIds()[11]);
      assertThrows(
          NunchiException.class, () -> encoder.encode("이 영화", LONG_TEXT, Truncation.REJECT));
    }
  }

  @Test
  void encode_blankContext_isNone() {
    assertArrayEquals(
        ENCODER.encode("이 영화", Truncation.REJECT).inputIds(),
        ENCODER.encode("이 영화", " \u200b", Truncation.REJECT).inputIds());
  }

  @Test
  void encode_unknownCharacters_areSpelledInBytesAndNotUnknown() {
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, 64)) {
      Encoding encoding = encoder.encode("뷁 𠮷", Truncation.REJECT);
      assertEquals(0, encoding.unknownCount());
      // Two word starts, three bytes and four.
      assertEquals(2 + 2 + 3 + 4, encoding.length());
    }
  }

  @Test
  void encode_wordPieceWithoutTheCharacter_countsUnknownTokens(@TempDir Path directory)
      throws IOException {
    Files.copy(Fixtures.path("wordpiece/vocab.txt"), directory.resolve("vocab.txt"));
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"do_lower_case\": false}");
    try (TextEncoder encoder = TextEncoder.open(directory, STANDARD, 8)) {
      assertEquals(2, encoder.encode("뷁 이 𠮷", Truncation.REJECT).unknownCount());
    }
  }

  @Test
  void encode_unpairedSurrogate_isReplacementCharacterAndSpansHold() {
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), NONE, 64)) {
      Encoding broken = encoder.encode("\ud83d😂\udc00", Truncation.REJECT);
      Encoding replaced = encoder.encode("\ufffd😂\ufffd", Truncation.REJECT);
      assertArrayEquals(replaced.inputIds(), broken.inputIds());
      assertEquals(replaced.spans(), broken.spans());
    }
  }

  /// Byte-level vocabularies have a token `null`, and none for the unknown.
  @Test
  void encode_noUnknownToken_countsNone(@TempDir Path directory) throws IOException {
    JsonMapper mapper = new JsonMapper();
    ObjectNode json =
        (ObjectNode)
            mapper.readTree(TinyCheckpoint.QWEN2.path().resolve("tokenizer.json").toFile());
    ObjectNode vocabulary = (ObjectNode) json.at("/model/vocab");
    vocabulary.set("null", vocabulary.remove("A"));
    Path file = Files.writeString(directory.resolve("tokenizer.json"), json.toString());
    try (TextEncoder encoder = TextEncoder.open(file, NONE, 8)) {
      assertTrue(json.at("/model/unk_token").isNull());
      Encoding encoding = encoder.encode("null", Truncation.REJECT);
      assertEquals(1, encoding.length());
      assertEquals(0, encoding.unknownCount());
    }
  }

  @Test
  void encodeAll_texts_areAsOneByOne() {
    List<String> texts = new ArrayList<>();
    Fixtures.rows("encodings.jsonl").forEach(row -> texts.add("가" + row.path("text").asText()));
    List<Encoding> all = ENCODER.encodeAll(texts, Truncation.KEEP_HEAD_AND_TAIL);
    assertEquals(texts.size(), all.size());
    for (int i = 0; i < texts.size(); i++) {
      Encoding one = ENCODER.encode(texts.get(i), Truncation.KEEP_HEAD_AND_TAIL);
      assertArrayEquals(one.inputIds(), all.get(i).inputIds());
      assertEquals(one.spans(), all.get(i).spans());
      assertEquals(one.tokenCount(), all.get(i).tokenCount());
    }
  }

  @Test
  void encode_manyThreads_givesSameIds() throws Exception {
    int[] expected = ENCODER.encode(LONG_TEXT, Truncation.KEEP_HEAD).inputIds();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Encoding>> encodings = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        encodings.add(threads.submit(() -> ENCODER.encode(LONG_TEXT, Truncation.KEEP_HEAD)));
      }
      for (Future<Encoding> encoding : encodings) {
        assertArrayEquals(expected, encoding.get().inputIds());
      }
    }
  }

  @Test
  void encode_fileWithTruncationAndPadding_obeysNeither(@TempDir Path directory)
      throws IOException {
    String json = Files.readString(Fixtures.path("tokenizer/tokenizer.json"));
    String truncating =
        json.replace(
                "\"truncation\" : null",
                "\"truncation\": {\"direction\": \"Right\", \"max_length\": 5, \"strategy\":"
                    + " \"LongestFirst\", \"stride\": 0}")
            .replace(
                "\"padding\" : null",
                "\"padding\": {\"strategy\": {\"Fixed\": 64}, \"direction\": \"Right\","
                    + " \"pad_to_multiple_of\": null, \"pad_id\": 0, \"pad_type_id\": 0,"
                    + " \"pad_token\": \"[PAD]\"}");
    assertFalse(json.equals(truncating));
    Path file = Files.writeString(directory.resolve("tokenizer.json"), truncating);
    try (TextEncoder encoder = TextEncoder.open(file, STANDARD, 64)) {
      assertArrayEquals(whole(), encoder.encode(LONG_TEXT, Truncation.REJECT).inputIds());
    }
  }

  @Test
  void open_missingFile_isInvalidModelThatNamesIt(@TempDir Path directory) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, STANDARD, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertEquals(directory.resolve("tokenizer.json") + " does not exist", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"model\": ", "{}", "[]", "{\"model\": {\"vocab\": {\"a\": 0}}}"})
  void open_damagedFile_isInvalidModelThatNamesIt(String content, @TempDir Path directory)
      throws IOException {
    Path file = Files.writeString(directory.resolve("tokenizer.json"), content);
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, STANDARD, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()));
  }

  @Test
  void open_fileThatIsNotUtf8_isInvalidModelThatNamesIt(@TempDir Path directory)
      throws IOException {
    Path file = Files.write(directory.resolve("tokenizer.json"), new byte[] {'{', (byte) 0xff});
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(file, STANDARD, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertEquals(file + " cannot be read as UTF-8", e.getMessage());
  }

  /// Each of these ended the process: a panic of the native library cannot be caught.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/post_processor/single/0/SpecialToken/id | '\"[GO]\"' | single has the token \"[GO]\"",
        "/post_processor/pair/2/SpecialToken/id | '\"[GO]\"' | pair has the token \"[GO]\"",
        "/post_processor/special_tokens | '{}' | which special_tokens lacks",
        "/post_processor/single/1/Sequence/id | '\"B\"' | single has the text \"B\"",
        "/model | '{\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}, \"merges\": [\"a"
            + " b\"], \"continuing_subword_prefix\": \"가나\"}' | has the merge \"a b\""
      })
  void open_whatMakesTheLibraryPanic_isInvalidModelThatNamesIt(
      String place, String value, String naming, @TempDir Path directory) throws IOException {
    JsonMapper mapper = new JsonMapper();
    JsonNode json = mapper.readTree(TinyCheckpoint.BERT.path().resolve("tokenizer.json").toFile());
    JsonPointer at = JsonPointer.compile(place);
    ((ObjectNode) json.at(at.head())).set(at.last().getMatchingProperty(), mapper.readTree(value));
    Path file = Files.writeString(directory.resolve("tokenizer.json"), json.toString());
    NunchiException e = assertThrows(NunchiException.class, () -> TextEncoder.open(file, NONE, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().startsWith(file + " "), e.getMessage());
    assertTrue(e.getMessage().contains(naming), e.getMessage());
  }

  @Test
  void encode_tokenizerWhoseUnknownTokenIsNowhere_isInvalidModelThatNamesIt(@TempDir Path directory)
      throws IOException {
    Path whole = TinyCheckpoint.BERT.path().resolve("tokenizer.json");
    Path file =
        Files.writeString(
            directory.resolve("tokenizer.json"),
            Files.readString(whole)
                .replaceFirst("\"unk_token\": *\"[^\"]*\"", "\"unk_token\": \"[NOWHERE]\""));
    NunchiException e =
        assertThrows(
            NunchiException.class,
            () -> {
              try (TextEncoder encoder = TextEncoder.open(file, NONE, 8)) {
                encoder.encode("쀍쀍", Truncation.REJECT);
              }
            });
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().startsWith(file + " is a tokenizer that fails: "), e.getMessage());
  }

  @Test
  void open_noRoomBesideSpecialTokens_isRefused() {
    NunchiException e =
        assertThrows(
            NunchiException.class, () -> TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, 2));
    assertEquals(Reason.INVALID_ARGUMENT, e.reason());
    assertEquals(
        "the maximum length is 2 tokens; with the 2 special tokens it is at least 3",
        e.getMessage());
  }

  @Test
  void open_vocabTxtWithoutSpecialToken_isInvalidModel(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n가\n");
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, STANDARD, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertEquals(file + " lacks the special token [SEP]", e.getMessage());
  }

  @Test
  void open_vocabTxtWithDamagedConfiguration_isInvalidModelThatNamesIt(@TempDir Path directory)
      throws IOException {
    Files.copy(Fixtures.path("wordpiece/vocab.txt"), directory.resolve("vocab.txt"));
    Path configuration = Files.writeString(directory.resolve("tokenizer_config.json"), "{");
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, STANDARD, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertEquals(configuration + " is not valid JSON", e.getMessage());
  }

  @Test
  void encode_afterClose_fails() {
    TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, 8);
    encoder.close();
    encoder.close();
    assertThrows(IllegalStateException.class, () -> encoder.encode("이 영화", Truncation.REJECT));
  }

  private static int[] whole() {
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), STANDARD, 64)) {
      return encoder.encode(LONG_TEXT, Truncation.REJECT).inputIds();
    }
  }
}
