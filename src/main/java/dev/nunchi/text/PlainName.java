package dev.nunchi.text;

/// Decides when two names, of labels or of columns, are one: a reader cannot tell them apart.
///
/// The plain form of a name is composed (Unicode NFC), has no character without a look, one space
/// where it had white space, none at either end, and ASCII in place of its full-width forms. So
/// `긍정`, `긍정 ` of a spreadsheet's cell and 긍정 in the single jamo of macOS are one name. Letters of
/// another case or script are another one.
public final class PlainName {
  private static final int FULL_WIDTH_FIRST = 0xFF01;
  private static final int FULL_WIDTH_LAST = 0xFF5E;
  private static final int FULL_WIDTH_OFFSET = 0xFEE0;

  private static final Normalizer NORMALIZER =
      Normalizer.of(
          new Normalization(Normalization.CURRENT_VERSION, false, true, false, true, true, 0));

  private PlainName() {}

  /// The plain form; empty where nothing of the name can be seen. Its own plain form is itself.
  public static String of(String name) {
    return isPlain(name) ? name : NORMALIZER.apply(narrow(name));
  }

  public static boolean same(String name, String other) {
    return of(name).equals(of(other));
  }

  /// Names of ASCII and whole syllables alone, as most are, need no table.
  private static boolean isPlain(String name) {
    boolean afterSpace = true;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean space = c == ' ';
      if (!(Syllable.isSyllable(c) || (c > ' ' && c < 0x7F) || (space && !afterSpace))) {
        return false;
      }
      afterSpace = space;
    }
    return name.isEmpty() || !afterSpace;
  }

  private static String narrow(String name) {
    StringBuilder narrow = new StringBuilder(name);
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST) {
        narrow.setCharAt(i, (char) (c - FULL_WIDTH_OFFSET));
      }
    }
    return narrow.toString();
  }
}
