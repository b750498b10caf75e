package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.text.Normalizer.Form;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PlainNameTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "매우 긍정",
        "매우 긍정 ",
        " 매우  긍정",
        "매우\u00A0긍정",
        "매우\u3000긍정\t",
        "\uFEFF매우 긍정",
        "매우 긍\u200B정",
        "매우 긍정\u00AD",
        "매우\u2009긍정\u200F"
      })
  void of_spellingsThatLookAlike_isOneName(String name) {
    assertEquals("매우 긍정", PlainName.of(name));
    assertEquals(
        "매우 긍정", PlainName.of(java.text.Normalizer.normalize(name, Form.NFD)), "decomposed");
  }

  @Test
  void of_fullWidthForms_areAscii() {
    assertEquals("A-1(B)", PlainName.of("Ａ－１（Ｂ）"));
  }

  @Test
  void of_ownPlainForm_isItself() {
    for (String name : new String[] {"긍정", "very positive", "ㅋㅋㅋㅋㅋ", "①", "👨‍👩‍👧", "café"}) {
      assertEquals(name, PlainName.of(name));
    }
  }

  @Test
  void of_nothingThatCanBeSeen_isEmpty() {
    assertEquals("", PlainName.of(" \u200B\u3164"));
  }

  @Test
  void same_otherCaseOrScript_isAnotherName() {
    assertTrue(PlainName.same("긍정", "긍정 "));
    assertFalse(PlainName.same("Positive", "positive"));
    assertFalse(PlainName.same("긍정", "부정"));
  }
}
