package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.text.Normalizer;
import org.junit.jupiter.api.Test;

class SyllableTest {
  @Test
  void of_everySyllable_composesAgainAndHasUnicodesLetters() {
    for (char c = '가'; c <= '힣'; c++) {
      Syllable syllable = Syllable.of(c);
      assertEquals(c, syllable.composed());
      String decomposed = Normalizer.normalize(String.valueOf(c), Normalizer.Form.NFD);
      assertEquals(Jamo.toCompatibility(decomposed), syllable.letters());
      assertEquals(decomposed.length() == 2, syllable.isOpen());
    }
  }

  @Test
  void isSyllable_aroundTheBlock_isFalse() {
    assertTrue(Syllable.isSyllable('가'));
    assertTrue(Syllable.isSyllable('힣'));
    assertFalse(Syllable.isSyllable('가' - 1));
    assertFalse(Syllable.isSyllable('힣' + 1));
    assertFalse(Syllable.isSyllable('ㅋ'));
    assertThrows(IllegalArgumentException.class, () -> Syllable.of('ㅋ'));
  }

  @Test
  void with_otherLetters_changesThatPlace() {
    Syllable han = Syllable.of('한');
    assertEquals('간', han.withLeading('ㄱ').composed());
    assertEquals('혼', han.withVowel('ㅗ').composed());
    assertEquals('핡', han.withTrailing('ㄺ').composed());
    assertEquals('하', han.withTrailing(Syllable.OPEN).composed());
  }

  @Test
  void constructor_letterOutOfPlace_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Syllable('ㄳ', 'ㅏ', Syllable.OPEN));
    assertThrows(IllegalArgumentException.class, () -> new Syllable('ㄱ', 'ㄱ', Syllable.OPEN));
    assertThrows(IllegalArgumentException.class, () -> new Syllable('ㄱ', 'ㅏ', 'ㄸ'));
  }
}
