package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TidyTextTest {
  /// What a tidy text is of, in an order that is not.
  private static final List<String> PLAIN =
      List.of(
          "가", "하", "한", "힣", "ㄱ", "ㅋ", "ㅎ", "ㄺ", "ㄳ", "ㄸ", "ㅏ", "ㅠ", "ㅣ", "ㆍ", "ㆎ", "ㅥ", " ", "a",
          "Z", "0", "9", "!", "~", ".", "[");

  /// What makes one untidy, or meets the others badly.
  private static final List<String> BORDERLINE =
      List.of(
          "\u1112",
          "\u1161",
          "\u11ab",
          "\u1160",
          "\u115f",
          "\u113c",
          "\ud7b0",
          "\ua960",
          "\u3130",
          "\u3164",
          "\u318f",
          "\uffa0",
          "\uffbb",
          "㉠",
          "\ud7a4",
          "\uabff",
          "\t",
          "\n",
          "\u0000",
          "\u001f",
          "\u007f",
          "\u0085",
          "\u00a0",
          "\u2800",
          "\u3000",
          "\u200b",
          "\u200d",
          "\ufe0f",
          "\u0301",
          "\u0338",
          "\u3099",
          "\u20e3",
          "é",
          "１",
          "Ａ",
          "！",
          "…",
          "´",
          "😂",
          "👩",
          "❤",
          "\ud83c\udffd",
          "🇰",
          "\ud83d",
          "\ude02",
          "\ufffd",
          "漢");

  private static final List<Normalization> SETTINGS =
      List.of(
          Normalization.NONE,
          Normalization.STANDARD,
          new Normalization(1, true, true, true, true, true, 1),
          new Normalization(1, false, false, true, false, true, 0),
          new Normalization(2, true, false, true, true, false, 2),
          new Normalization(2, false, true, false, true, true, 4));

  @Provide
  Arbitrary<String> plain() {
    return texts(Arbitraries.of(PLAIN));
  }

  @Provide
  Arbitrary<String> borderline() {
    return texts(
        Arbitraries.frequencyOf(
            Tuple.of(12, Arbitraries.of(PLAIN)),
            Tuple.of(1, Arbitraries.of(BORDERLINE)),
            Tuple.of(1, Arbitraries.chars().all().map(String::valueOf))));
  }

  /// With runs in every second one.
  private static Arbitrary<String> texts(Arbitrary<String> parts) {
    Arbitrary<String> repeated =
        parts.flatMap(part -> Arbitraries.integers().between(1, 5).map(part::repeat));
    return Arbitraries.oneOf(parts.list().ofMaxSize(9), repeated.list().ofMaxSize(5))
        .map(list -> String.join("", list));
  }

  /// Each step has nothing to do, whatever switches it on.
  private static boolean staysUnderEveryStep(String text, int maxRun) {
    List<NormalizationStep> steps =
        List.of(
            Surrogates::pair,
            CompatibilityForms::plain,
            InvisibleCharacters::remove,
            Jamo::compose,
            LooseJamo::compose,
            Composition::compose,
            WhiteSpace::fold,
            each -> maxRun == 0 ? each : Runs.cut(each, maxRun));
    NormalizedText before = NormalizedText.of(text);
    return steps.stream().allMatch(step -> step.apply(before) == before);
  }

  @Property(tries = 8000)
  void isTidy_syllablesJamoAndAscii_whereEveryStepLeavesThem(@ForAll("plain") String text) {
    for (int maxRun = 0; maxRun <= 4; maxRun++) {
      assertEquals(staysUnderEveryStep(text, maxRun), TidyText.isTidy(text, maxRun));
    }
  }

  @Property(tries = 8000)
  void isTidy_anyText_onlyWhereEveryStepLeavesIt(@ForAll("borderline") String text) {
    for (int maxRun = 0; maxRun <= 4; maxRun++) {
      assertTrue(!TidyText.isTidy(text, maxRun) || staysUnderEveryStep(text, maxRun));
    }
  }

  @Test
  void isTidy_anyUnitBetweenOthers_onlyWhereEveryStepLeavesIt() {
    int tidy = 0;
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      for (String text : List.of("가" + (char) c + "나", "ㅋ" + (char) c + "ㄱ", "a" + (char) c)) {
        boolean isTidy = TidyText.isTidy(text, 3);
        assertTrue(
            !isTidy || staysUnderEveryStep(text, 3),
            () -> "U+%04X".formatted((int) text.charAt(1)));
        tidy += isTidy ? 1 : 0;
      }
    }
    // Three of each syllable, jamo and ASCII; the filler is none, a space no end, ㅋ takes a vowel.
    assertEquals(3 * (11_172 + 93 + 95) - 1 - 21, tidy);
  }

  @Property(tries = 2000)
  void normalize_tidyText_isTheTextInItsPlace(@ForAll("plain") String text) {
    for (Normalization settings : SETTINGS) {
      if (TidyText.isTidy(text, settings.maxRun())) {
        NormalizedText normalized = Normalizer.of(settings).normalize(text);
        assertSame(text, normalized.text());
        for (int i = 0; i < text.length(); i++) {
          assertEquals(new Span(i, i + 1), normalized.original(i, i + 1));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "꿈꾸었던 자들의 비극",
        "재밌긴 한데 약간 로봇들이 인간적임...",
        "ㅋㅋㅋ 대박ㅠㅠ ㅇㅈ? ㄹㅇ!!",
        "ㅋㅋㅠㅠ",
        "10000원, [CLS] it's 100% ~ok~",
        "ㅏㅏㅏ"
      })
  void isTidy_usualText_isTrue(String text) {
    assertTrue(TidyText.isTidy(text, 3));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " 좋다", "좋다 ", "참  좋다", "좋다\n", "좋다....", "ㅋㅋㅋㅋ", "ㅈㅓㅇ말", "ㅋㅠ", "하\u11ab", "e\u0301",
        "ㅠ\u3164", "！", "😂", "\ud83d", " "
      })
  void isTidy_textThatMayChange_isFalse(String text) {
    assertFalse(TidyText.isTidy(text, 3));
  }

  @Test
  void isTidy_noLimit_takesAnyRun() {
    assertTrue(TidyText.isTidy("ㅋ".repeat(100), 0));
    assertFalse(TidyText.isTidy("ㅋㅋ", 1));
    assertTrue(TidyText.isTidy("00", 1));
  }
}
