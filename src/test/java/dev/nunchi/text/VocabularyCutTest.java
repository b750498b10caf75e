package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.VocabularyCut.Characters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VocabularyCutTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int SUBSETS = 4;

  @TempDir private Path directory;

  /// Tokenizers of every kind that is cut.
  enum Kind {
    UNIGRAM(Fixtures.path("sentencepiece/sentencepiece.bpe.model")),
    WORD_PIECE(Fixtures.path("wordpiece")),
    /// With bytes for what has no piece.
    BYTE_FALLBACK(Fixtures.path("tokenizer/tokenizer.json")),
    /// Of bytes, where whole words are looked up before any merge, and added tokens have no pieces.
    BYTE_LEVEL(TinyCheckpoint.LLAMA.path().resolve("tokenizer.json"));

    private final Path file;

    Kind(Path file) {
      this.file = file;
    }
  }

  @ParameterizedTest
  @EnumSource
  void cut_piecesOfSomeTexts_encodesThemAsBeforeAndOthersWithoutNewUnknowns(Kind kind)
      throws IOException {
    List<String> texts = texts();
    Random random = new Random(7);
    Path whole = whole(kind);
    VocabularyCut cut = VocabularyCut.of(whole);
    try (TextEncoder before = encoder(whole)) {
      for (int subset = 0; subset < SUBSETS; subset++) {
        Set<String> chosen = new HashSet<>();
        while (chosen.size() < 1 + 12 * subset) {
          chosen.add(texts.get(random.nextInt(texts.size())));
        }
        KeptIds kept = cut.kept(used(before, chosen), Characters.ALL, List.of());
        assertTrue(kept.size() < cut.size(), "some pieces go");
        try (TextEncoder after = encoder(written(cut, kept, "cut" + subset))) {
          assertEquals(kept.size(), after.vocabularySize());
          for (String text : texts) {
            Encoding old = before.encode(text, Truncation.REJECT);
            Encoding now = after.encode(text, Truncation.REJECT);
            if (chosen.contains(text)) {
              assertArrayEquals(old.inputIds(), oldIds(now, kept), text);
            }
            assertEquals(old.unknownCount() > 0, now.unknownCount() > 0, text);
          }
        }
      }
    }
  }

  @Test
  void cut_mergesOfAByteLevelModel_areThoseOfPiecesThatStay() throws IOException {
    Path whole = whole(Kind.BYTE_LEVEL);
    VocabularyCut cut = VocabularyCut.of(whole);
    try (TextEncoder before = encoder(whole)) {
      // The words of the tiny models are whole pieces of the vocabulary.
      KeptIds kept = cut.kept(used(before, Set.of("영화 최고")), Characters.USED, List.of());
      ObjectNode json = cut.tokenizerJson(kept);
      JsonNode vocabulary = json.path("model").path("vocab");
      assertTrue(json.path("model").path("merges").size() > 0);
      for (JsonNode merge : json.path("model").path("merges")) {
        assertTrue(vocabulary.has(merge.path(0).asText()), merge::toString);
        assertTrue(vocabulary.has(merge.path(1).asText()), merge::toString);
        assertTrue(vocabulary.has(merge.path(0).asText() + merge.path(1).asText()));
      }
      assertEquals(
          IntStream.range(0, vocabulary.size()).boxed().toList(),
          vocabulary.valueStream().map(JsonNode::intValue).toList());
      // The bytes stay, whatever is said of characters, and the added tokens behind all pieces.
      assertTrue(vocabulary.size() >= 256, vocabulary::toString);
      JsonNode added = json.path("added_tokens");
      assertEquals(3, added.size());
      assertEquals(vocabulary.size(), added.get(0).path("id").intValue());
      assertEquals(
          vocabulary.size(),
          json.path("post_processor").findValue("ids").get(0).intValue(),
          "of the template");
    }
  }

  /// The pieces on the way: with merges (b c), (a bc) and (a b), abc comes out of bc alone.
  @Test
  void kept_pieceOfTwoMerges_keepsWhatItIsMadeOf() throws IOException {
    Path file =
        written(
            """
            {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4, "bc": 5,
             "abc": 6, "cd": 7}, "merges": ["b c", "a bc", "a b", "c d"]}}
            """);
    VocabularyCut cut = VocabularyCut.of(file);
    KeptIds kept = cut.kept(BitSet.valueOf(new long[] {1 << 6}), Characters.USED, List.of());
    assertEquals(List.of(0, 1, 2, 5, 6), ids(kept));
    assertEquals(
        List.of("b c", "a bc"),
        cut.tokenizerJson(kept)
            .path("model")
            .path("merges")
            .valueStream()
            .map(JsonNode::asText)
            .toList());
    assertEquals(
        List.of("#version: 0.2", "b c", "a bc"), VocabularyCut.mergesTxt(cut.tokenizerJson(kept)));
    assertFalse(kept.has(7));
    assertThrows(IllegalArgumentException.class, () -> kept.newId(7));
  }

  @Test
  void kept_characterWithoutAPieceOfItsOwn_keepsThePiecesThatHaveIt() throws IOException {
    Path unigram =
        written(
            """
            {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["가", -1],
             ["나", -2], ["가나", -3], ["가다", -4], ["나가나", -9]]}}
            """);
    assertEquals(
        List.of(0, 1, 2, 4, 5),
        ids(VocabularyCut.of(unigram).kept(new BitSet(), Characters.ALL, List.of())),
        "다 alone is unknown, and the least likely piece says how unlikely that is");
    Path wordPiece =
        written(
            """
            {"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "가": 1,
             "##나": 2, "가나": 3, "나가": 4, "가가": 5, "##나나": 6}}}
            """);
    assertEquals(
        List.of(0, 1, 2, 4, 5),
        ids(VocabularyCut.of(wordPiece).kept(new BitSet(), Characters.ALL, List.of())),
        "나 begins no word by itself, and 가 ends none");
    assertEquals(
        List.of("[UNK]", "##나"),
        VocabularyCut.vocabTxt(
            VocabularyCut.of(wordPiece)
                .tokenizerJson(
                    VocabularyCut.of(wordPiece)
                        .kept(new BitSet(), Characters.USED, List.of(2, -1, 99)))));
  }

  @Test
  void tokenizerJson_everyPlaceOfAnId_hasTheNewOne() throws IOException {
    Path file =
        written(
            """
            {"added_tokens": [{"id": 5, "content": "</s>"}, {"id": 3, "content": "<pad>"}],
             "padding": {"pad_id": 3, "pad_token": "<pad>"},
             "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 5], "cls": ["<s>", 1]},
             "model": {"type": "Unigram", "unk_id": 2, "vocab": [["x", -9], ["<s>", 0],
              ["<unk>", 0], ["<pad>", 0], ["yy", -1], ["</s>", 0]]}}
            """);
    VocabularyCut cut = VocabularyCut.of(file);
    KeptIds kept = cut.kept(new BitSet(), Characters.USED, List.of());
    assertEquals(List.of(0, 1, 2, 3, 5), ids(kept));
    ObjectNode json = cut.tokenizerJson(kept);
    assertEquals(
        MAPPER.readTree(
            "[{\"id\": 3, \"content\": \"<pad>\"}, {\"id\": 4, \"content\": \"</s>\"}]"),
        json.path("added_tokens"));
    assertEquals(3, json.path("padding").path("pad_id").intValue());
    assertEquals(4, json.path("post_processor").path("sep").path(1).intValue());
    assertEquals(1, json.path("post_processor").path("cls").path(1).intValue());
    assertEquals(2, json.path("model").path("unk_id").intValue());
    assertEquals("x", json.path("model").path("vocab").path(0).path(0).textValue());
    assertTrue(cut.has(4) && !kept.has(4) && !cut.has(6));
  }

  @Test
  void of_whatIsNotCut_isRefusedByName() throws IOException {
    Path words = written("{\"model\": {\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}}}");
    NunchiException kind = assertThrows(NunchiException.class, () -> VocabularyCut.of(words));
    assertEquals(Reason.UNSUPPORTED_MODEL, kind.reason());
    assertEquals(
        words.resolve("tokenizer.json")
            + ": model.type is WordLevel; a vocabulary is cut of Unigram, WordPiece and BPE",
        kind.getMessage());
    NunchiException none =
        assertThrows(NunchiException.class, () -> VocabularyCut.of(Fixtures.path("wordpiece")));
    assertEquals(Reason.UNSUPPORTED_MODEL, none.reason());
    assertTrue(none.getMessage().contains("tokenizer.json is missing"), none::getMessage);
  }

  private static List<Integer> ids(KeptIds kept) {
    return IntStream.range(0, kept.size()).map(kept::oldId).boxed().toList();
  }

  private static BitSet used(TextEncoder encoder, Set<String> texts) {
    BitSet used = new BitSet();
    Consumer<String> add =
        text -> IntStream.of(encoder.encode(text, Truncation.REJECT).inputIds()).forEach(used::set);
    texts.forEach(add);
    return used;
  }

  private static int[] oldIds(Encoding encoding, KeptIds kept) {
    return IntStream.of(encoding.inputIds()).map(kept::oldId).toArray();
  }

  private static List<String> texts() throws IOException {
    return Files.readAllLines(Fixtures.path("corpus.txt")).subList(0, 150);
  }

  private static TextEncoder encoder(Path directory) {
    return TextEncoder.open(directory, Normalizer.of(Normalization.NONE), Integer.MAX_VALUE);
  }

  /// A directory with the kind's tokenizer.json.
  private Path whole(Kind kind) throws IOException {
    Path whole = Files.createDirectories(directory.resolve(kind.name()));
    Path config = kind.file.resolveSibling("tokenizer_config.json");
    String json =
        kind == Kind.UNIGRAM
            ? TokenizerFile.read(withClass(kind.file)).json()
            : TokenizerFile.read(kind.file).json();
    assertTrue(kind == Kind.UNIGRAM || kind == Kind.WORD_PIECE || Files.exists(config));
    Files.writeString(whole.resolve("tokenizer.json"), json);
    return whole;
  }

  /// The model beside what says that it is XLM-R's, whose ids are one higher than in the model.
  private Path withClass(Path model) throws IOException {
    Path there = Files.createDirectories(directory.resolve("xlm-r"));
    Files.copy(model, there.resolve(model.getFileName()));
    Files.writeString(
        there.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"XLMRobertaTokenizer\"}");
    return there;
  }

  private Path written(VocabularyCut cut, KeptIds kept, String name) throws IOException {
    Path written = Files.createDirectories(directory.resolve(name));
    Files.writeString(
        written.resolve("tokenizer.json"), MAPPER.writeValueAsString(cut.tokenizerJson(kept)));
    return written;
  }

  private Path written(String json) throws IOException {
    Path written = Files.createTempDirectory(directory, "json");
    Files.writeString(written.resolve("tokenizer.json"), json);
    return written;
  }
}
