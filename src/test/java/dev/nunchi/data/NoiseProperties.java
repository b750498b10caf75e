package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

final class NoiseProperties {
  private static final List<String> PARTS =
      List.of(
          "정말",
          "대",
          "머",
          "귀",
          "유",
          "왕",
          "닭",
          "봤어요",
          "와",
          "ㅋㅋ",
          "ㅠㅠ",
          "ㅏ",
          " ",
          "  ",
          "\n",
          "\u2800",
          "\u3000",
          "OK",
          "10",
          "!?",
          "～",
          "👍🏽",
          "👩‍💻",
          "🇰🇷",
          "📽️",
          "\u1112\u1161",
          "漢");

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.of(PARTS).list().ofMaxSize(14).map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<Noise> idempotent() {
    return Arbitraries.of(Noise.SPACING_REMOVED, Noise.JAMO_SPLIT, Noise.FULL_WIDTH);
  }

  @Property
  void apply_sameSeed_isTheSame(
      @ForAll("texts") String text, @ForAll Noise noise, @ForAll long seed) {
    assertEquals(noise.apply(text, seed), noise.apply(text, seed));
  }

  @Property
  void apply_wholeCharacters_leavesThemWhole(
      @ForAll("texts") String text, @ForAll Noise noise, @ForAll long seed) {
    assertTrue(
        noise
            .apply(text, seed)
            .codePoints()
            .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
  }

  @Property
  void apply_notBlank_neverMakesBlank(
      @ForAll("texts") String text, @ForAll Noise noise, @ForAll long seed) {
    String noised = noise.apply(text, seed);
    if (text.isBlank()) {
      assertEquals(text, noised);
    } else {
      assertFalse(noised.isBlank());
    }
  }

  @Property
  void apply_twice_isOnceWhereThereIsNothingLeftToDo(
      @ForAll("texts") String text, @ForAll("idempotent") Noise noise, @ForAll long seed) {
    String once = noise.apply(text, seed);
    assertEquals(once, noise.apply(once, seed + 1));
  }

  @Property
  void lookAlike_twice_restoresWhatWasExchangedBothWays(@ForAll("texts") String text) {
    String without = text.replace("귀", "").replace("유", "").replace("왕", "");
    String once = Noise.LOOK_ALIKE.apply(without, 0);
    assertEquals(without, Noise.LOOK_ALIKE.apply(once, 0));
    assertEquals(without.length(), once.length());
  }

  @Property
  void drawnNoise_everyText_changesOnlyWhatItSays(@ForAll("texts") String text, @ForAll long seed) {
    assertEquals(text.length(), Noise.NEIGHBOURING_KEYS.apply(text, seed).length());
    assertEquals(text.length(), Noise.FINALS_DROPPED.apply(text, seed).length());
    assertTrue(Noise.STRETCHED.apply(text, seed).length() >= text.length());
  }
}
