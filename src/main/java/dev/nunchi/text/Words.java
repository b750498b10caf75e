package dev.nunchi.text;

/// What white space separates in a text as the caller sent it; white space as the normaliser has
/// it.
public final class Words {
  private Words() {}

  /// How many words a text has.
  ///
  /// @param most where counting ends
  public static int count(String text, int most) {
    int words = 0;
    boolean inside = false;
    for (int i = 0; i < text.length() && words < most; i++) {
      boolean space = WhiteSpace.isWhiteSpace(text.charAt(i));
      words += !space && !inside ? 1 : 0;
      inside = !space;
    }
    return words;
  }

  /// The word at that UTF-16 unit; the next one if white space is there.
  public static Span at(String text, int index) {
    int start = index;
    while (start < text.length() - 1 && WhiteSpace.isWhiteSpace(text.charAt(start))) {
      start++;
    }
    int end = start + 1;
    while (start > 0 && !WhiteSpace.isWhiteSpace(text.charAt(start - 1))) {
      start--;
    }
    while (end < text.length() && !WhiteSpace.isWhiteSpace(text.charAt(end))) {
      end++;
    }
    return new Span(start, end);
  }
}
