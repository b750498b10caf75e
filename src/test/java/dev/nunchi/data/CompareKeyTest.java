package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CompareKeyTest {
  @ParameterizedTest
  @CsvSource({
    "정말 좋아요!, 정말좋아요",
    "정말~~ 좋아요 ^^ 👍, 정말좋아요",
    "'정말, 좋아요', 정말좋아요",
    "ＡＢＣ 123, abc123",
    "２０２４년, 2024년",
    "Bravo, bravo",
    "좋아아아아요, 좋아아요",
    "좋아아요, 좋아아요",
    "10000원, 100원",
    "㈜눈치, 주눈치"
  })
  void of_text_keepsItsWords(String text, String key) {
    assertEquals(key, CompareKey.of(text));
  }

  @Test
  void of_decomposedSyllables_isThatOfComposedOnes() {
    String decomposed = Normalizer.normalize("재밌다", Normalizer.Form.NFD);
    assertNotEquals("재밌다", decomposed);
    assertEquals("재밌다", CompareKey.of(decomposed));
  }

  @Test
  void of_laughter_isCutAndSpacesInItDoNotCount() {
    assertEquals(CompareKey.of("재밌다 ㅋㅋ"), CompareKey.of("재밌다ㅋㅋ ㅋㅋㅋㅋ!"));
    assertNotEquals(CompareKey.of("재밌다 ㅋㅋ"), CompareKey.of("재밌다 ㅋ"));
    assertNotEquals(CompareKey.of("재밌다 ㅋㅋ"), CompareKey.of("재밌다 ㅠㅠ"));
  }

  @Test
  void of_jamoThatMeetWhenSomethingIsDropped_stayApart() {
    assertEquals("가", CompareKey.of("ㄱㅏ"));
    assertNotEquals("가", CompareKey.of("ㄱ_ㅏ"));
  }

  @Test
  void of_textWithoutLetters_isItsOwnKey() {
    assertEquals("👍 !", CompareKey.of("👍 !"));
    assertNotEquals(CompareKey.of("👍"), CompareKey.of("👎"));
    assertNotEquals(CompareKey.of("..."), CompareKey.of("...."));
  }

  @Test
  void fold_everyCodePoint_isItsOwnFold() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      int folded = CompareKey.fold(c);
      assertEquals(folded, CompareKey.fold(folded), Integer.toHexString(c));
    }
    assertEquals(CompareKey.fold('σ'), CompareKey.fold('ς'));
  }

  @Property(tries = 2000)
  void of_textWithoutJamoThatMeet_isIdempotent(@ForAll("texts") String text) {
    String key = CompareKey.of(text);
    Assume.that(key.equals(text) || Normalizer.isNormalized(key, Normalizer.Form.NFKC));
    assertEquals(key, CompareKey.of(key));
  }

  @Property(tries = 500)
  void of_anyText_isFreeOfCaseSpacesAndPunctuation(@ForAll("words") String text) {
    String loud = text.toUpperCase(Locale.ROOT).replaceAll("(?<=\\p{IsHangul})", "! ");
    assertEquals(CompareKey.of(text), CompareKey.of(loud));
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<Character> likely =
        Arbitraries.chars()
            .with(
                "가각힣ㄱㅏㅋㅠaAßİσΣ１½①㈜!.~ \u00A0\u1100\u1161\u11A8\u0301\u200D\uFE0F👍".toCharArray());
    Arbitrary<Character> jamo = Arbitraries.chars().range('\u1100', '\u11FF');
    return Arbitraries.frequencyOf(
            Tuple.of(6, likely), Tuple.of(2, jamo), Tuple.of(2, Arbitraries.chars().all()))
        .list()
        .ofMaxSize(30)
        .map(CompareKeyTest::join);
  }

  @Provide
  Arbitrary<String> words() {
    return Arbitraries.strings().withChars("가나다라 abcXYZ09").ofMinLength(1).ofMaxLength(20);
  }

  private static String join(List<Character> characters) {
    StringBuilder text = new StringBuilder();
    characters.forEach(text::append);
    return text.toString();
  }
}
