package dev.nunchi.data;

import java.text.Normalizer;

/// What is left of a text when it is compared with another: texts with one key say the same.
///
/// Unicode NFKC, case folded (each code point by itself), everything that is no letter or digit
/// dropped, runs of three or more equal code points cut to two. Jamo that only the dropping brings
/// together stay apart: `ㅇ_ㅡ` is a face and not 으. A text without letters and digits is its own
/// key, because `👍` and `?!` say different things.
final class CompareKey {
  private static final int LONGEST_RUN = 2;

  private CompareKey() {}

  static String of(String text) {
    String composed = isPlain(text) ? text : Normalizer.normalize(text, Normalizer.Form.NFKC);
    StringBuilder key = new StringBuilder(composed.length());
    int last = -1;
    int run = 0;
    for (int i = 0; i < composed.length(); ) {
      int c = composed.codePointAt(i);
      i += Character.charCount(c);
      int folded = isSyllable(c) ? c : fold(c);
      if (isSyllable(c) || Character.isLetterOrDigit(folded)) {
        run = folded == last ? run + 1 : 1;
        last = folded;
        if (run <= LONGEST_RUN) {
          key.appendCodePoint(folded);
        }
      }
    }
    return key.isEmpty() ? text : key.toString();
  }

  private static boolean isSyllable(int c) {
    return c >= 0xac00 && c <= 0xd7a3;
  }

  /// Through the upper case, because some letters share one: ς and σ.
  static int fold(int c) {
    return Character.toLowerCase(Character.toUpperCase(c));
  }

  /// Whether a text is of ASCII and whole syllables alone, as most are: NFKC leaves it as it is,
  /// and no table is needed to see that.
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80 && !isSyllable(c)) {
        return false;
      }
    }
    return true;
  }
}
