package dev.nunchi.text;

/// Runs of white space, line ends among it, to one space; none at either end.
///
/// White space is what Unicode calls so, and the blank Braille pattern U+2800, which users type to
/// keep a line empty.
public final class WhiteSpace {
  private WhiteSpace() {}

  static NormalizedText fold(NormalizedText text) {
    String from = text.text();
    if (isFolded(from)) {
      return text;
    }
    NormalizedText.Builder to = new NormalizedText.Builder(text);
    int read = 0;
    for (int i = 0; i < from.length(); i++) {
      if (!isWhiteSpace(from.charAt(i))) {
        continue;
      }
      to.keep(read, i);
      read = i + 1;
      while (read < from.length() && isWhiteSpace(from.charAt(read))) {
        read++;
      }
      if (to.length() > 0 && read < from.length()) {
        to.replace(" ", i, read);
      }
      i = read - 1;
    }
    to.keep(read, from.length());
    return to.build();
  }

  private static boolean isFolded(String text) {
    boolean afterSpace = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isWhiteSpace(c) && (c != ' ' || afterSpace)) {
        return false;
      }
      afterSpace = c == ' ';
    }
    return text.isEmpty() || !afterSpace;
  }

  /// Whether the code point is white space as the normaliser has it.
  public static boolean isWhiteSpace(int c) {
    if (c < 0x80) {
      return c == ' ' || (c >= '\t' && c <= '\r');
    }
    // The last of them is U+3000: Hangul needs no look-up.
    return c <= 0x3000 && (c == 0x85 || c == 0x2800 || Character.isSpaceChar(c));
  }
}
