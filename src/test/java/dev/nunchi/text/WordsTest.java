package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void at_anyUnitOfAWord_isTheWholeWord() {
    String text = "이 영화는\u3000좋다! 😀";
    for (int i = 2; i < 5; i++) {
      assertEquals("영화는", word(text, i));
    }
    assertEquals("이", word(text, 0));
    assertEquals("좋다!", word(text, 8));
    assertEquals("😀", word(text, 10));
    assertEquals("😀", word(text, 11));
  }

  @Test
  void at_whiteSpace_isTheNextWord() {
    assertEquals("영화", word("이 \n 영화", 2));
  }

  private static String word(String text, int index) {
    Span span = Words.at(text, index);
    return text.substring(span.start(), span.end());
  }
}
