package dev.nunchi.text;

/// How wide a terminal shows a text.
public final class TerminalColumns {
  private TerminalColumns() {}

  /// Two for a Hangul syllable, an ideograph or a full-width form, one for every other code point
  /// (Unicode Standard Annex 11, classes W and F, without the emoji).
  public static int of(String text) {
    return text.codePoints()
        .map(c ->
            (c >= 0x1100 && c <= 0x115f)
                    || (c >= 0x2e80 && c <= 0xa4cf)
                    || (c >= 0xac00 && c <= 0xd7a3)
                    || (c >= 0xf900 && c <= 0xfaff)
                    || (c >= 0xff00 && c <= 0xff60)
                ? 2
                : 1)
        .sum();
  }
}
