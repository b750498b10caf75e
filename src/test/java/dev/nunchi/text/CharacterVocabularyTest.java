package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CharacterVocabularyTest {
  private static final Normalizer STANDARD = Normalizer.of(Normalization.STANDARD);

  @Test
  void of_texts_hasEverySyllableAndTheMostFrequentOthers() {
    CharacterVocabulary vocabulary =
        CharacterVocabulary.of(List.of("ㅋㅋ! BB b 가", "ㅋ!! ? ?"), STANDARD, 2, 3);
    assertEquals("가", vocabulary.tokens().get(CharacterVocabulary.FIRST_SYLLABLE_ID));
    assertEquals("힣", vocabulary.tokens().get(5 + 11_171));
    assertEquals(
        List.of("!", "b", "ㅋ"), vocabulary.tokens().subList(5 + 11_172, vocabulary.size()));
  }

  @Test
  void encode_spacesAndCapitals_makeNoDifference(@TempDir Path directory) {
    CharacterVocabulary.of(List.of("Good! 정말"), STANDARD, 1, 100).write(directory, 32);
    try (TextEncoder encoder = TextEncoder.open(directory, STANDARD, 32)) {
      Encoding spaced = encoder.encode("정말 GOOD !", Truncation.REJECT);
      assertArrayEquals(
          spaced.inputIds(), encoder.encode("정 말good!", Truncation.REJECT).inputIds());
      assertEquals(2 + 7, spaced.length());
      // G of the original, past the space.
      assertEquals(new Span(3, 4), spaced.spans().get(3));
      assertEquals(Vocabulary.CLS_ID, spaced.inputIds()[0]);
      assertEquals(5 + '정' - '가', spaced.inputIds()[1]);
      assertEquals(1, encoder.encode("정★", Truncation.REJECT).unknownCount());
    }
  }

  @Test
  void of_noText_isRefused() {
    NunchiException e =
        assertThrows(
            NunchiException.class, () -> CharacterVocabulary.of(List.of(" "), STANDARD, 1, 10));
    assertEquals(Reason.INVALID_DATA, e.reason());
  }
}
