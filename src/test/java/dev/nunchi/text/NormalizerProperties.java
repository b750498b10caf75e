package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.text.Normalizer.Form;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

final class NormalizerProperties {
  /// Characters that steps treat specially, or that meet badly.
  private static final List<String> DELICATE =
      List.of(
          "ㅋ",
          "ㅠ",
          "ㅏ",
          "ㄱ",
          "ㄺ",
          "가",
          "하",
          "한",
          "\u1112",
          "\u1161",
          "\u11ab",
          "\u11aa",
          "\u119e",
          "\u1160",
          "\u115f",
          "\u3164",
          "\uffa0",
          "\uffbb",
          "\uffc2",
          "㉠",
          "㈎",
          "\u113c",
          "\ud7b0",
          "\ud7cb",
          "\ua960",
          " ",
          "\u3000",
          "\n",
          "\u2800",
          "\u0085",
          "\u0000",
          "\u001c",
          "\u200b",
          "\u200d",
          "\u200d",
          "\ufe0f",
          "\ufeff",
          "\u034f",
          "❤",
          "😂",
          "👩",
          "👍",
          "\ud83c\udffd",
          "\u2194",
          "\u0338",
          "🇰",
          "🇷",
          "\u20e3",
          "1",
          "１",
          "!",
          "！",
          "…",
          "¨",
          "´",
          "\u1ffd",
          "\u0385",
          "\u0301",
          "\u0308",
          "\u0323",
          "e",
          "カ",
          "ｶ",
          "ﾞ",
          "\u3099",
          "\uffe3",
          "Å",
          "\u212b",
          "\uf900",
          "\ufb01",
          "\ufdfa",
          "\ud83d",
          "\ude02",
          "\ufffd",
          "\ufffc",
          "▁",
          "\ud81b\udd67",
          "\ud81b\udd63",
          "\ud81b\udd68",
          "\u0958",
          "\u0dd9",
          "\u0dcf",
          "\udb40\udc67",
          "\ud83c\udff4",
          "ｰ",
          "ﬀ",
          "\u01c4",
          "\u2126",
          "漢");

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> delicate =
        Arbitraries.of(DELICATE).list().ofMaxSize(14).map(parts -> String.join("", parts));
    Arbitrary<String> repeated =
        Arbitraries.of(DELICATE)
            .flatMap(part -> Arbitraries.integers().between(1, 6).map(part::repeat))
            .list()
            .ofMaxSize(6)
            .map(parts -> String.join("", parts));
    return Arbitraries.frequencyOf(
        Tuple.of(4, delicate),
        Tuple.of(3, repeated),
        Tuple.of(1, Arbitraries.strings().all().ofMaxLength(12)));
  }

  @Provide
  Arbitrary<Normalization> settings() {
    Arbitrary<Boolean> on = Arbitraries.of(true, false);
    return Combinators.combine(Arbitraries.of(1, 2), on, on, on, on, on, Arbitraries.of(0, 1, 2, 3))
        .as((version, a, b, c, d, e, maxRun) ->
            new Normalization(
                version, a, b, c, d, e, version > 1 && c && maxRun == 1 ? 2 : maxRun));
  }

  @Property(tries = 4000)
  void normalize_standardTwice_changesNothingMore(@ForAll("texts") String text) {
    Normalizer normalizer = Normalizer.of(Normalization.STANDARD);
    String once = normalizer.apply(text);
    assertEquals(once, normalizer.apply(once));
  }

  @Property(tries = 8000)
  void normalize_anySwitchesTwice_changesNothingMore(
      @ForAll("texts") String text, @ForAll("settings") Normalization settings) {
    Normalizer normalizer = Normalizer.of(settings);
    String once = normalizer.apply(text);
    assertEquals(once, normalizer.apply(once));
  }

  @Property(tries = 4000)
  void normalize_anySwitches_placesAreMonotoneAndInRange(
      @ForAll("texts") String text, @ForAll("settings") Normalization settings) {
    NormalizedText normalized = Normalizer.of(settings).normalize(text);
    int start = 0;
    int end = 0;
    for (int i = 0; i < normalized.text().length(); i++) {
      assertTrue(normalized.start(i) >= start && normalized.end(i) >= end);
      start = normalized.start(i);
      end = normalized.end(i);
      assertTrue(start < end && end <= text.length());
    }
  }

  @Property(tries = 4000)
  void normalize_standard_isNfcWithoutWhatTheStepsTakeAway(@ForAll("texts") String text) {
    String normalized = Normalizer.of(Normalization.STANDARD).apply(text);
    assertTrue(java.text.Normalizer.isNormalized(normalized, Form.NFC));
    assertFalse(
        normalized.contains("  ") || normalized.startsWith(" ") || normalized.endsWith(" "));
    // The fourth may carry a mark, which makes it another character.
    assertFalse(normalized.contains("ㅋㅋㅋㅋㅋ") || normalized.contains("!!!!!"));
    assertTrue(
        normalized
            .codePoints()
            .noneMatch(c -> Character.getType(c) == Character.SURROGATE || c == 0x200B));
  }
}
