package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What Hugging Face tokenizers made of the same texts with the same files.
final class HuggingFaceAgreementTest {
  private static final Normalizer NONE = Normalizer.of(Normalization.NONE);

  @Test
  void encode_thousandTexts_idsAndSpansAreThoseOfHuggingFace() {
    List<JsonNode> rows = Fixtures.rows("encodings.jsonl");
    assertEquals(1000, rows.size());
    int encoded = 0;
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), NONE, 100_000)) {
      for (JsonNode row : rows) {
        String text = row.path("text").asText();
        // A text in which nothing can be seen has no encoding here: it is refused, see
        // TextEncoderTest.
        if (!Normalizer.isEmpty(text)) {
          assertAgrees(row, encoder.encode(text, Truncation.REJECT));
          encoded++;
        }
      }
    }
    assertEquals(983, encoded, "texts that are not empty");
  }

  @Test
  void encode_textAndContext_idsTypesAndSpansAreThoseOfHuggingFace() {
    try (TextEncoder encoder = TextEncoder.open(Fixtures.path("tokenizer"), NONE, 100_000)) {
      for (JsonNode row : Fixtures.rows("pairs.jsonl")) {
        String context = row.path("context").asText();
        assertAgrees(row, encoder.encode(row.path("text").asText(), context, Truncation.REJECT));
      }
    }
  }

  @Test
  void encode_vocabTxt_isAsTransformersReadsIt(@TempDir Path directory) throws IOException {
    Files.copy(Fixtures.path("wordpiece/vocab.txt"), directory.resolve("vocab.txt"));
    for (boolean lowercase : new boolean[] {false, true}) {
      Files.writeString(
          directory.resolve("tokenizer_config.json"),
          "{\"do_lower_case\": %s}".formatted(lowercase));
      int encoded = 0;
      try (TextEncoder encoder = TextEncoder.open(directory, NONE, 100_000)) {
        for (JsonNode row : Fixtures.rows("wordpiece.jsonl")) {
          boolean content =
              row.path("ids").size() > 2 && !Normalizer.isEmpty(row.path("text").asText());
          if (row.path("lowercase").asBoolean() == lowercase && content) {
            assertAgrees(row, encoder.encode(row.path("text").asText(), Truncation.REJECT));
            encoded++;
          }
        }
      }
      assertTrue(encoded > 120, "texts with tokens: " + encoded);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TinyCheckpoint.class,
      names = {"LLAMA", "QWEN2", "MISTRAL", "GEMMA2"})
  void encode_tokenizersOfDecoders_idsAndSpansAreThoseOfHuggingFace(TinyCheckpoint tiny) {
    String name = tiny.path().getFileName().toString();
    int encoded = 0;
    try (TextEncoder encoder = TextEncoder.open(tiny.path(), NONE, 100_000)) {
      for (JsonNode row : Fixtures.rows("decoders.jsonl")) {
        String text = row.path("text").asText();
        if (row.path("tokenizer").asText().equals(name) && !Normalizer.isEmpty(text)) {
          Encoding encoding = encoder.encode(text, Truncation.REJECT);
          assertAgrees(row, encoding);
          assertEquals(0, encoding.unknownCount(), text);
          encoded++;
        }
      }
    }
    assertTrue(encoded > 30, "texts: " + encoded);
  }

  private static void assertAgrees(JsonNode row, Encoding encoding) {
    String message = row.toString();
    assertArrayEquals(Fixtures.ints(row.path("ids")), encoding.inputIds(), message);
    assertArrayEquals(Fixtures.ints(row.path("types")), encoding.tokenTypeIds(), message);
    assertEquals(Fixtures.spans(row.path("spans")), encoding.spans(), message);
    assertEquals(encoding.length(), encoding.tokenCount());
  }
}
