package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TwoSetKeyboardTest {
  private static final String KEYS = "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ";

  @ParameterizedTest
  @CsvSource({"ㄹ, ㅇㅎㄱㅅㅊㅍ", "ㅂ, ㅈㅁ", "ㅔ, ㅐㅣ", "ㅎ, ㄹㅅㅍ", "ㅠ, ㅜㅗ", "ㅆ, ㄱㄹㅎ", "ㅖ, ㅐㅣ"})
  void neighbours_ofAKey_areThoseAroundIt(char letter, String expected) {
    assertEquals(characters(expected), characters(TwoSetKeyboard.neighbours(letter)));
  }

  @Test
  void neighbours_ofEveryKey_areMutual() {
    for (char key : KEYS.toCharArray()) {
      String beside = TwoSetKeyboard.neighbours(key);
      assertFalse(beside.isEmpty(), String.valueOf(key));
      for (char other : beside.toCharArray()) {
        assertTrue(TwoSetKeyboard.neighbours(other).indexOf(key) >= 0, key + " and " + other);
      }
    }
  }

  @Test
  void neighbours_ofTwoKeysTogether_areNone() {
    assertEquals("", TwoSetKeyboard.neighbours('ㅘ'));
    assertEquals("", TwoSetKeyboard.neighbours('ㄺ'));
    assertEquals("", TwoSetKeyboard.neighbours('a'));
  }

  private static Set<Character> characters(String text) {
    return text.chars().mapToObj(c -> (char) c).collect(Collectors.toSet());
  }
}
