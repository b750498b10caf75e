package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NormalizerTest {
  private static final Normalizer STANDARD = Normalizer.of(Normalization.STANDARD);
  private static final Normalizer COMPATIBILITY =
      Normalizer.of(new Normalization(1, true, false, false, false, false, 0));
  private static final Normalizer INVISIBLE =
      Normalizer.of(new Normalization(1, false, true, false, false, false, 0));
  private static final Normalizer JAMO =
      Normalizer.of(new Normalization(1, false, false, true, false, false, 0));
  private static final Normalizer COMPOSITION =
      Normalizer.of(new Normalization(1, false, false, false, true, false, 0));
  private static final Normalizer WHITE_SPACE =
      Normalizer.of(new Normalization(1, false, false, false, false, true, 0));
  private static final Normalizer RUNS =
      Normalizer.of(new Normalization(1, false, false, false, false, false, 3));

  @ParameterizedTest
  @CsvSource({
    "ㅈㅓㅇㅁㅏㄹ, 정말",
    "ㄱㅜㄱㄱㅏ, 국가",
    "ㄷㅏㄹㄱ ㄷㅏㄺ ㄷㅏㄹㄱㅣ, 달ㄱ 닭 달기",
    "ㅎㅏㅠㅠ ㅋㅋㅠㅠ ㅋㅋㅋ ㅏㅏㅏ ㅇㅈ, 하ㅠㅠ ㅋㅋㅠㅠ ㅋㅋㅋ ㅏㅏㅏ ㅇㅈ",
    "ㅇㅏㄴㄷㅗㅐ, 안도ㅐ",
    "정말 ㅈㅗㅎㄷㅏ!!, 정말 좋다!!"
  })
  void looseJamo_thatSpellSyllables_areComposed(String text, String composed) {
    assertEquals(composed, STANDARD.apply(text));
  }

  @Test
  void jamo_versionOne_leavesLooseJamo() {
    assertEquals("ㅈㅓㅇㅁㅏㄹ", JAMO.apply("ㅈㅓㅇㅁㅏㄹ"));
  }

  @ParameterizedTest
  @CsvSource({
    "ＡＢＣ１２３！, ABC123!",
    "㎏ ㈜ ① ⅷ … ™, kg (주) 1 viii ... TM",
    "ﾡﾻￂￃ, ㄱㅋㅏㅐ",
    "㉠㉮㈀㈎, ㄱ가(ㄱ)(가)",
    "ㅋㅋ ㅠㅠ ㄳ ㆍ, ㅋㅋ ㅠㅠ ㄳ ㆍ",
    "´▽｀ ¨ ￣, ´▽` ¨ ¯",
    "\u00a0\u3000, '  '",
    "漢字 é \ud83d\ude02, 漢字 é \ud83d\ude02"
  })
  void compatibilityForms_text_becomesPlain(String text, String plain) {
    assertEquals(plain, COMPATIBILITY.apply(text));
  }

  @Test
  void invisibleCharacters_withoutLook_areRemoved() {
    assertEquals(
        "좋아요", INVISIBLE.apply("\ufeff좋\u200b\u200c아\u00ad\u0000\u0007\u2060요\u200e\u3164\ufe0f"));
    assertEquals("a\tb\nc\u0085d", INVISIBLE.apply("a\tb\nc\u0085d\u007f\u009f"));
    assertEquals("\ufffd한", INVISIBLE.apply("\ufffd\ufffc한"));
  }

  @Test
  void invisibleCharacters_joinerInEmoji_stays() {
    String family = "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67";
    assertEquals(family, INVISIBLE.apply(family));
    assertEquals(
        "\ud83c\udff3\u200d\ud83c\udf08", INVISIBLE.apply("\ud83c\udff3\ufe0f\u200d\ud83c\udf08"));
    assertEquals(
        "\ud83d\udc69\ud83c\udffd\u200d\ud83d\udcbb",
        INVISIBLE.apply("\ud83d\udc69\ud83c\udffd\u200d\u200d\ud83d\udcbb"));
  }

  @Test
  void invisibleCharacters_joinerElsewhere_isRemoved() {
    assertEquals("가나", INVISIBLE.apply("가\u200d나"));
    assertEquals("\ud83d\ude02", INVISIBLE.apply("\u200d\ud83d\ude02\u200d"));
    assertEquals("\ud83d\ude02가", INVISIBLE.apply("\ud83d\ude02\u200d가"));
  }

  @Test
  void invisibleCharacters_tagsOfFlag_leaveBlackFlag() {
    String england =
        "\ud83c\udff4\udb40\udc67\udb40\udc62\udb40\udc65\udb40\udc6e\udb40\udc67\udb40\udc7f";
    assertEquals("\ud83c\udff4", INVISIBLE.apply(england));
  }

  @Test
  void jamo_conjoining_becomesSyllableOrCompatibilityJamo() {
    assertEquals("한글", JAMO.apply("\u1112\u1161\u11ab\u1100\u1173\u11af"));
    assertEquals("한글", JAMO.apply("하\u11ab그\u11af"));
    assertEquals("ㅋㅋ ㅠㄳ", JAMO.apply("\u110f\u110f \u1172\u11aa"));
    assertEquals("가ㄱㅏ", JAMO.apply("\u1100\u1161ㄱㅏ"));
    assertEquals("한ㄴ", JAMO.apply("한\u11ab"));
  }

  @Test
  void jamo_oldHangul_staysWhereNoModernFormIs() {
    assertEquals("ㅎㆍㄴ", JAMO.apply("\u1112\u119e\u11ab"));
    assertEquals("\u113c", JAMO.apply("\u113c"));
  }

  @Test
  void composition_decomposed_becomesNfc() {
    assertEquals("é 각 ガ", COMPOSITION.apply("e\u0301 \u1100\u1161\u11a8 カ\u3099"));
    assertEquals("ㅋ", COMPOSITION.apply("ㅋ"));
    assertEquals("\u1ea1\u0308", COMPOSITION.apply("a\u0308\u0323"));
  }

  @Test
  void whiteSpace_runs_becomeOneSpace() {
    assertEquals("a b c d", WHITE_SPACE.apply(" \ta \r\n b\u3000c\u2028\u2800\u0085d\n"));
    assertEquals("", WHITE_SPACE.apply(" \n "));
  }

  @ParameterizedTest
  @CsvSource({
    "ㅋㅋㅋㅋㅋ, ㅋㅋㅋ",
    "ㅠㅠㅠㅠ ㅠㅠ, ㅠㅠㅠ ㅠㅠ",
    "아아아아악!!!!!!, 아아아악!!!",
    "😂😂😂😂, 😂😂😂",
    "👍🏽👍🏽👍🏽👍🏽👍🏻, 👍🏽👍🏽👍🏽👍🏻",
    "👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧, 👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧",
    "🇰🇷🇰🇷🇰🇷🇰🇷🇯🇵, 🇰🇷🇰🇷🇰🇷🇯🇵",
    "10000원 ㅋㅎㅋㅎㅋㅎ, 10000원 ㅋㅎㅋㅎㅋㅎ",
    "'a    b', 'a    b'"
  })
  void runs_ofOneCharacter_areCutToThree(String text, String cut) {
    assertEquals(cut, RUNS.apply(text));
  }

  /// As a manifest of another may say it.
  @Test
  void runs_largestLimit_areLeftAlone() {
    String cats = "\ud83d\ude3a".repeat(8);
    Normalization settings =
        new Normalization(1, false, false, false, false, false, Integer.MAX_VALUE);
    assertEquals(cats, Normalizer.of(settings).apply(cats));
  }

  @Test
  void normalize_standard_mixesSteps() {
    assertEquals("ㅋㅋㅋ 대박...", STANDARD.apply("\u200bﾻﾻㅋㅋ\u110f  \u1103\u1162박…… "));
    assertEquals("❤❤❤", STANDARD.apply("❤️❤️❤️❤️❤️"));
    assertEquals("ガ!!!", STANDARD.apply("ｶﾞ！!!！"));
  }

  @Test
  void normalize_unpairedSurrogates_becomeReplacementCharacter() {
    assertEquals("a\ufffdb\ufffd", STANDARD.apply("a\udc00b\ud83d"));
    assertEquals("\ufffd\ufffd", STANDARD.apply("\ud83d\u200b\ude02"));
  }

  @Test
  void normalize_none_leavesTextUntouched() {
    String text = " \ud83dＡ\u200b\u1112\u1161e\u0301ㅋㅋㅋㅋㅋ\n";
    NormalizedText normalized = Normalizer.of(Normalization.NONE).normalize(text);
    assertSame(text, normalized.text());
    assertEquals(new Span(2, 4), normalized.original(2, 4));
  }

  @Test
  void normalize_standard_knowsPlacesInOriginal() {
    //             0 12 3 4      5     6     7 8  9 10
    String text = "\ufeff ㎏\u200b\u1112\u1161\u11ab  ㅋㅋㅋㅋㅋ";
    NormalizedText normalized = STANDARD.normalize(text);
    assertEquals("kg한 ㅋㅋㅋ", normalized.text());
    assertEquals(new Span(2, 3), normalized.original(0, 1));
    assertEquals(new Span(2, 3), normalized.original(1, 2));
    assertEquals(new Span(4, 7), normalized.original(2, 3));
    assertEquals(new Span(7, 9), normalized.original(3, 4));
    assertEquals(new Span(9, 10), normalized.original(4, 5));
    assertEquals(new Span(11, 14), normalized.original(6, 7));
    assertEquals(new Span(2, 14), normalized.original(0, 7));
    assertEquals(Span.NONE, normalized.original(3, 3));
  }

  @Test
  void normalize_cutEmoji_lastOneStandsForTheRest() {
    NormalizedText normalized = STANDARD.normalize("😂😂😂😂😂");
    assertEquals(new Span(0, 2), normalized.original(0, 2));
    assertEquals(new Span(4, 10), normalized.original(4, 6));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\u3000\t",
        "\u3164\u3164\u3164",
        "\u200B\uFEFF",
        "\uFE0F",
        "\u2800",
        "\u200D \u00AD"
      })
  void isEmpty_nothingToSee_isTrue(String text) {
    assertTrue(Normalizer.isEmpty(text));
    assertEquals("", STANDARD.apply(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ㅠ", ".", "\u3164!", "❤\uFE0F", "0", "\uFFFD"})
  void isEmpty_somethingToSee_isFalse(String text) {
    assertFalse(Normalizer.isEmpty(text));
  }
}
