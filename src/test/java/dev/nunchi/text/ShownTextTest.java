package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ShownTextTest {
  @Test
  void sentence_whatATerminalObeys_isWrittenOut() {
    assertEquals(
        "\\u001B[31m 긍정\\u202E \\uD83D 👍",
        ShownText.sentence(" \u001b[31m\n긍정\u202e \ud83d 👍\n"));
  }

  @Test
  void sentence_veryLong_keepsBeginningAndEnd() {
    String shown = ShownText.sentence("가" + "x".repeat(5000) + "나");
    assertTrue(shown.startsWith("가") && shown.endsWith("나"), shown);
    assertEquals(1003, shown.length());
  }

  @Test
  void name_tooLong_isCutBetweenCharacters() {
    assertEquals("👍👍…", ShownText.name("👍👍👍", 2));
    assertEquals("👍👍", ShownText.name("👍👍", 2));
  }

  @Test
  void name_controlCharacters_areWrittenOut() {
    assertEquals("torch\\u0000.\\u009Bload", ShownText.name("torch\0.\u009bload", 100));
  }

  @Test
  void distinctName_whatLooksLikeAnother_isWrittenOut() {
    assertEquals("'긍정 \\u00A0\\u200B'", ShownText.distinctName("긍정 \u00a0\u200b", 40));
    assertEquals("'긍…'", ShownText.distinctName("긍정", 1));
  }
}
