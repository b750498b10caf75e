package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.text.Syllable;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NoiseTest {
  @ParameterizedTest
  @CsvSource({
    "SPACING_REMOVED, 정말 재미있게 봤어요, 정말재미있게봤어요",
    "SPACING_REMOVED, 정말재미있게, 정말재미있게",
    "JAMO_SPLIT, 정말 굿 ㅋㅋ 10점, ㅈㅓㅇㅁㅏㄹ ㄱㅜㅅ ㅋㅋ 10ㅈㅓㅁ",
    "JAMO_SPLIT, 닭과 꽃, ㄷㅏㄺㄱㅘ ㄲㅗㅊ",
    "JAMO_SPLIT, OK!, OK!",
    "LOOK_ALIKE, 멍멍이 대박, 댕댕이 머박",
    "LOOK_ALIKE, 팔도비빔면, 괄도네넴띤",
    "LOOK_ALIKE, 명작이고 귀엽다, 띵작이고 커엽다",
    "LOOK_ALIKE, 세종대왕 유재석 광주, 세종머앟 윾재석 팡주",
    "LOOK_ALIKE, 좋아요, 좋아요",
    "FULL_WIDTH, 별 5개! OK~, 별 ５개！ ＯＫ～",
    "FULL_WIDTH, 좋아요 🎬, 좋아요 🎬",
    "FINALS_DROPPED, 봄, 보",
    "FINALS_DROPPED, 그저 그래 ㅋㅋ, 그저 그래 ㅋㅋ",
    "NEIGHBOURING_KEYS, ㅋㅋ OK 10, ㅋㅋ OK 10",
    "STRETCHED, 정말 좋군 10점, 정말 좋군 10점",
    "SPACING_RANDOM, 봄, 봄",
  })
  void apply_kindThatNeedsNoDraw_hasOneResult(Noise noise, String before, String after) {
    for (long seed = 0; seed < 20; seed++) {
      assertEquals(after, noise.apply(before, seed));
    }
  }

  @Test
  void spacingRandom_overSeeds_leavesOutAndPutsInSpacesAlone() {
    String text = "정말 재미있게 봤어요 👍🏽 또 볼래요";
    Set<String> results = results(Noise.SPACING_RANDOM, text);
    assertTrue(results.size() > 50, results::toString);
    for (String result : results) {
      assertEquals(text.replace(" ", ""), result.replace(" ", ""));
    }
    assertTrue(results.stream().anyMatch(result -> result.contains("재미 있게")));
    assertTrue(results.stream().anyMatch(result -> result.contains("정말재미")));
  }

  @Test
  void neighbouringKeys_twentySyllables_slipsOnTwoLettersByOneKey() {
    String text = "가나다라마바사아자차가나다라마바사아자차";
    for (String result : results(Noise.NEIGHBOURING_KEYS, text)) {
      assertEquals(text.length(), result.length());
      int slips = 0;
      for (int i = 0; i < text.length(); i++) {
        String before = Syllable.of(text.charAt(i)).letters();
        String after = Syllable.of(result.charAt(i)).letters();
        for (int letter = 0; letter < before.length(); letter++) {
          if (before.charAt(letter) != after.charAt(letter)) {
            slips++;
            String beside = TwoSetKeyboard.neighbours(before.charAt(letter));
            assertTrue(beside.indexOf(after.charAt(letter)) >= 0, before + " to " + after);
          }
        }
      }
      assertEquals(2, slips, result);
    }
  }

  @Test
  void neighbouringKeys_shortText_slipsOnce() {
    for (String result : results(Noise.NEIGHBOURING_KEYS, "꽝")) {
      assertEquals(1, result.length());
      assertFalse(result.equals("꽝"));
    }
  }

  @Test
  void finalsDropped_eightFinals_keepsFour() {
    String text = "정말 맛있는 것만 남은 날";
    long before = finals(text);
    for (String result : results(Noise.FINALS_DROPPED, text)) {
      assertEquals(before - Math.round(before / 2.0), finals(result), result);
      assertEquals(text.length(), result.length());
    }
  }

  @Test
  void stretched_laughsAndVowels_growAndNothingElse() {
    for (String result : results(Noise.STRETCHED, "ㅋㅋ 너무 좋아요 ㅠㅠ")) {
      assertTrue(result.matches("ㅋ{5,12} 너무우{0,3} 좋아요오{0,3} ㅠ{5,12}"), result);
      assertTrue(result.contains("무우") ^ result.contains("요오"), result);
    }
    for (String result : results(Noise.STRETCHED, "진짜 와")) {
      assertTrue(result.matches("진짜아{0,3} 와아{0,3}"), result);
    }
  }

  @Test
  void emoji_overSeeds_standBehindWords() {
    String text = "음악이 좋았어요";
    Set<String> results = results(Noise.EMOJI, text);
    assertTrue(results.size() > 20, results::toString);
    for (String result : results) {
      assertFalse(result.equals(text));
      String letters =
          result
              .codePoints()
              .filter(c -> Syllable.isSyllable(c))
              .mapToObj(Character::toString)
              .collect(Collectors.joining());
      assertEquals("음악이좋았어요", letters);
      assertTrue(result.startsWith("음악이") && result.contains("좋았어요"), result);
    }
  }

  @ParameterizedTest
  @EnumSource
  void apply_blank_staysAsItIs(Noise noise) {
    assertEquals("", noise.apply("", 1));
    assertEquals(" \t\n", noise.apply(" \t\n", 1));
  }

  @ParameterizedTest
  @EnumSource
  void apply_whiteSpaceThatOnlyTheNormaliserKnows_isNotEmptied(Noise noise) {
    assertFalse(noise.apply("\u2800\u00A0", 1).isEmpty());
  }

  @Test
  void find_itsKey_isTheKind() {
    for (Noise noise : Noise.values()) {
      assertEquals(Optional.of(noise), Noise.find(noise.key()));
    }
    assertEquals(Optional.of(Noise.JAMO_SPLIT), Noise.find(" Jamo-Split"));
    assertEquals(Optional.empty(), Noise.find("static"));
    assertEquals(
        "spacing_removed, spacing_random, jamo_split, neighbouring_keys, stretched, look_alike,"
            + " emoji, full_width, finals_dropped",
        Noise.keys());
  }

  private static Set<String> results(Noise noise, String text) {
    return LongStream.range(0, 200)
        .mapToObj(seed -> noise.apply(text, seed))
        .collect(Collectors.toSet());
  }

  private static long finals(String text) {
    return text.chars().filter(c -> Syllable.isSyllable(c) && !Syllable.of(c).isOpen()).count();
  }
}
