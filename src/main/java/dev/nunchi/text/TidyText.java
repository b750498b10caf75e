package dev.nunchi.text;

/// Which texts surely stay as they are under every step of a [Normalizer], seen in one pass: most
/// of those that users write.
///
/// Such a text is of Hangul syllables, of compatibility jamo that [LooseJamo] makes no syllable of,
/// and of the printable characters of ASCII, with single spaces between words and no run that
/// [Runs] cuts. Each of its UTF-16 units is a character by itself, and none meets another badly. A
/// text with anything else may stay as well: only the steps know.
final class TidyText {
  private static final char HANGUL_FILLER = '\u3164';

  private TidyText() {}

  /// @param maxRun as [Normalization#maxRun] has it, 0 for no limit
  static boolean isTidy(String text, int maxRun) {
    int longest = maxRun == 0 ? Integer.MAX_VALUE : maxRun;
    // As after a space, so that one at the start is one too many.
    char before = ' ';
    int run = 1;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      run = c == before ? run + 1 : 1;
      boolean tidy = c == ' ' ? run == 1 : stays(text, i) && (run <= longest || isDigit(c));
      if (!tidy) {
        return false;
      }
      before = c;
    }
    return text.isEmpty() || before != ' ';
  }

  private static boolean stays(String text, int index) {
    char c = text.charAt(index);
    return Syllable.isSyllable(c)
        || (c > ' ' && c <= '~')
        || (Jamo.isCompatibility(c) && c != HANGUL_FILLER && !LooseJamo.begins(text, index));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
