package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import java.text.Normalizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelNameTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"영화", "영화-2026.1_b", "nsmc-small", "KcELECTRA (2024)", "7", "감정 분석", "Ünï@v2"})
  void of_lettersOfAnyScript_isAName(String name) {
    assertEquals(name, ModelName.of(name));
  }

  @Test
  void of_decomposedHangul_isTheComposedName() {
    assertEquals("영화", ModelName.of(Normalizer.normalize("영화", Normalizer.Form.NFD)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "a/b", "-a", ".a", "a ", "a=b", "a:b", "a,b", "a\nb", "a%20", "a?", "a\u200b", "😀"
      })
  void of_signsThatMeanSomethingElsewhere_isRefusedWithTheRule(String name) {
    NunchiException refused = assertThrows(NunchiException.class, () -> ModelName.of(name));
    assertTrue(refused.getMessage().contains(ModelName.RULE), refused.getMessage());
  }

  @Test
  void of_longName_isRefusedFromTheHundredAndFirstCharacter() {
    assertEquals("가".repeat(100), ModelName.of("가".repeat(100)));
    assertThrows(NunchiException.class, () -> ModelName.of("가".repeat(101)));
  }
}
