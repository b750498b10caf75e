package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CharacterEncoderTest {
  private static final Normalizer NONE = Normalizer.of(Normalization.NONE);
  private static final List<String> PIECES =
      List.of(
          "정말", "좋", "ㅋㅋ", "G", "ood", "İ", "Σ", "ς", "ẞ", "Ⅷ", "Ǆ", "Å", "😀", "𐐀", "🇰🇷", "각",
          " ", "\t", "\n", "\u00a0", "\u3000", "\u0085", "\u200b", "\u2028", "\u001c", "\ufeff",
          "[", "]", "[SEP]", "[UNK]", "[sep]", "[PAD", "★", "\ud83d", "\ude00", "\u0307", "\ufffd");

  /// Texts of odd characters, by the tokenizer's library and without it.
  @Test
  void encode_anyText_isWhatTheLibraryMakes(@TempDir Path directory) throws IOException {
    CharacterVocabulary.of(List.of("Good! 정말 ㅋ😀 i\u0307 ßςσå [sep] \ufffd 𐐨ⅷ"), NONE, 1, 100)
        .write(directory, 32);
    addOddTokens(directory.resolve("tokenizer.json"));
    Random random = new Random(5);
    int compared = 0;
    try (TextEncoder fast = TextEncoder.open(directory, NONE, 32);
        TextEncoder slow = TextEncoder.open(libraryAlone(directory), NONE, 32)) {
      for (int i = 0; i < 3_000; i++) {
        StringBuilder text = new StringBuilder();
        for (int j = random.nextInt(24); j >= 0; j--) {
          text.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        Truncation truncation = Truncation.values()[1 + i % 2];
        if (!Normalizer.isEmpty(text.toString())) {
          assertSame(
              slow.encode(text.toString(), truncation),
              fast.encode(text.toString(), truncation),
              text.toString());
          compared++;
        }
      }
    }
    assertEquals(2_900, compared, 100);
  }

  @Test
  void of_anyOtherTokenizer_isNone(@TempDir Path directory) throws IOException {
    CharacterVocabulary.of(List.of("정말"), NONE, 1, 100).write(directory, 32);
    assertNotNull(TokenizerFile.read(directory).characters());
    assertNull(TokenizerFile.read(libraryAlone(directory)).characters());
    assertNull(TokenizerFile.read(Fixtures.path("tokenizer")).characters());
  }

  /// Such as no text makes.
  private static void addOddTokens(Path tokenizer) throws IOException {
    String json = Files.readString(tokenizer);
    Files.writeString(
        tokenizer,
        json.replaceFirst("\"vocab\" : \\{", "\"vocab\" : { \"\" : 20000, \"정말\" : 20001,"));
  }

  /// A tokenizer that does the same, by a template for pairs that is another.
  private static Path libraryAlone(Path directory) throws IOException {
    String json = Files.readString(directory.resolve("tokenizer.json"));
    Path other = Files.createDirectories(directory.resolve("other"));
    int pair = json.indexOf("\"pair\"");
    String changed =
        json.substring(0, pair)
            + json.substring(pair).replaceFirst("\"type_id\" : 1", "\"type_id\" : 0");
    Files.writeString(other.resolve("tokenizer.json"), changed);
    return other;
  }

  private static void assertSame(Encoding expected, Encoding actual, String text) {
    assertArrayEquals(expected.inputIds(), actual.inputIds(), text);
    assertArrayEquals(expected.tokenTypeIds(), actual.tokenTypeIds(), text);
    assertEquals(expected.spans(), actual.spans(), text);
    assertEquals(expected.tokenCount(), actual.tokenCount(), text);
    assertEquals(expected.unknownCount(), actual.unknownCount(), text);
    assertEquals(expected.truncated(), actual.truncated(), text);
    assertEquals(expected.contextStart(), actual.contextStart(), text);
  }
}
