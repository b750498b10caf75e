package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class WhiteSpaceTest {
  @Test
  void isWhiteSpace_everyCodePoint_isUnicodesOrTheBlankBraillePattern() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      boolean expected =
          (c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2800 || Character.isSpaceChar(c);
      assertEquals(expected, WhiteSpace.isWhiteSpace(c));
    }
  }
}
