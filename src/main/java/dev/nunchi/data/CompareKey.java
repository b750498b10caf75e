package dev.nunchi.data;

import java.text.Normalizer;
import java.util.function.IntPredicate;

/// What is left of a text when it is compared with another: texts with one key say the same.
///
/// Unicode NFKC, case folded (each code point by itself), everything that is no letter or digit
/// dropped, runs of three or more equal code points cut to two. What is dropped can bring together
/// jamo that NFKC composes, so this is repeated until it changes nothing; the key of a key is
/// itself. A text without letters and digits keeps everything but white space: `👍` and `!?` say
/// different things.
final class CompareKey {
  private static final int LONGEST_RUN = 2;

  private CompareKey() {}

  static String of(String text) {
    String key = reduce(text);
    while (!isComposed(key)) {
      key = reduce(key);
    }
    return key;
  }

  private static String reduce(String text) {
    String composed = isComposed(text) ? text : Normalizer.normalize(text, Normalizer.Form.NFKC);
    String key = keep(composed, Character::isLetterOrDigit);
    return key.isEmpty() ? keep(composed, c -> !Character.isWhitespace(c)) : key;
  }

  private static String keep(String text, IntPredicate counts) {
    StringBuilder key = new StringBuilder(text.length());
    int last = -1;
    int run = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      int folded = fold(c);
      if (counts.test(folded)) {
        run = folded == last ? run + 1 : 1;
        last = folded;
        if (run <= LONGEST_RUN) {
          key.appendCodePoint(folded);
        }
      }
    }
    return key.toString();
  }

  /// Through the upper case, because some letters share one: ς and σ.
  static int fold(int c) {
    return Character.toLowerCase(Character.toUpperCase(c));
  }

  /// Whether NFKC leaves `text` as it is. Most texts are of ASCII and syllables alone, for which no
  /// table is needed.
  private static boolean isComposed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80 && !(c >= 0xac00 && c <= 0xd7a3)) {
        return Normalizer.isNormalized(text, Normalizer.Form.NFKC);
      }
    }
    return true;
  }
}
