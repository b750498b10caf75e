package dev.nunchi.text;

import java.util.HashMap;
import java.util.Map;

/// Conjoining jamo, as decomposed Hangul from some file systems and keyboards has them, made
/// syllables where they form one (ᄒ ᅡ ᆫ to 한, 하 ᆫ to 한), else compatibility jamo (ᄏ to ㅋ).
///
/// Letters of old Hangul that have no compatibility jamo stay as they are.
final class Jamo {
  private static final int LEADING = 0x1100;
  private static final int LEADING_COUNT = 19;
  private static final int VOWEL = 0x1161;
  private static final int VOWEL_COUNT = 21;
  // The trailing consonant with number 0 is none at all.
  private static final int TRAILING = 0x11A7;
  private static final int TRAILING_COUNT = Syllable.FORMS;
  private static final int SYLLABLE = Syllable.FIRST;

  /// Compatibility jamo of the trailing consonants, in Unicode's order.
  static final String TRAILING_LETTERS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";

  /// Compatibility jamo of each conjoining one. Trailing consonants first: Unicode's own table,
  /// read backwards, knows them only where no leading one looks the same.
  private static final Map<Integer, Integer> COMPATIBILITY = compatibility();

  private Jamo() {}

  static boolean isCompatibility(int c) {
    return c >= 0x3131 && c <= 0x318E;
  }

  static boolean isConjoining(int c) {
    return (c >= 0x1100 && c <= 0x11FF)
        || (c >= 0xA960 && c <= 0xA97F)
        || (c >= 0xD7B0 && c <= 0xD7FF);
  }

  /// Every conjoining jamo in `text` as a compatibility jamo.
  static String toCompatibility(String text) {
    StringBuilder mapped = new StringBuilder(text.length());
    text.codePoints().forEach(c -> mapped.appendCodePoint(COMPATIBILITY.getOrDefault(c, c)));
    return mapped.toString();
  }

  static NormalizedText compose(NormalizedText text) {
    String from = text.text();
    int first = 0;
    while (first < from.length() && !isConjoining(from.charAt(first))) {
      first++;
    }
    if (first == from.length()) {
      return text;
    }
    // The syllable that may take the first jamo as its trailing consonant is read again.
    first = Math.max(0, first - 1);
    NormalizedText.Builder to = new NormalizedText.Builder(text);
    to.keep(0, first);
    for (int i = first; i < from.length(); ) {
      int end = syllableEnd(from, i);
      if (end > i + 1) {
        to.replace(String.valueOf(syllable(from, i, end)), i, end);
      } else if (isConjoining(from.charAt(i))) {
        to.replace(toCompatibility(from.substring(i, end)), i, end);
      } else {
        to.keep(i, end);
      }
      i = end;
    }
    return to.build();
  }

  /// Where the syllable that starts at `start` ends; one unit on where none does.
  private static int syllableEnd(String text, int start) {
    char c = text.charAt(start);
    int end = start + 1;
    if (isIn(c, LEADING, LEADING_COUNT)) {
      if (end == text.length() || !isIn(text.charAt(end), VOWEL, VOWEL_COUNT)) {
        return end;
      }
      end++;
    } else if (c < SYLLABLE || c > 0xD7A3 || (c - SYLLABLE) % TRAILING_COUNT != 0) {
      return end;
    }
    boolean trailing =
        end < text.length() && isIn(text.charAt(end), TRAILING + 1, TRAILING_COUNT - 1);
    return trailing ? end + 1 : end;
  }

  private static char syllable(String text, int start, int end) {
    int syllable = text.charAt(start);
    int i = start + 1;
    if (syllable < SYLLABLE) {
      int number = (syllable - LEADING) * VOWEL_COUNT + text.charAt(i++) - VOWEL;
      syllable = SYLLABLE + number * TRAILING_COUNT;
    }
    if (i < end) {
      syllable += text.charAt(i) - TRAILING;
    }
    return (char) syllable;
  }

  private static boolean isIn(char c, int first, int count) {
    return c >= first && c < first + count;
  }

  private static Map<Integer, Integer> compatibility() {
    Map<Integer, Integer> table = new HashMap<>();
    for (int i = 0; i < TRAILING_LETTERS.length(); i++) {
      table.put(TRAILING + 1 + i, (int) TRAILING_LETTERS.charAt(i));
    }
    for (int c = 0x3131; c <= 0x318E; c++) {
      String conjoining =
          java.text.Normalizer.normalize(Character.toString(c), java.text.Normalizer.Form.NFKD);
      table.put(conjoining.codePointAt(0), c);
    }
    return Map.copyOf(table);
  }
}
