package dev.nunchi.text;

/// Unpaired surrogates, which are no characters: each becomes U+FFFD.
public final class Surrogates {
  private Surrogates() {}

  /// Whether there is none.
  public static boolean arePaired(String text) {
    return pair(text).equals(text);
  }

  static NormalizedText pair(NormalizedText text) {
    String paired = pair(text.text());
    return paired.equals(text.text()) ? text : text.withText(paired);
  }

  /// The same length, every unpaired surrogate replaced.
  static String pair(String text) {
    StringBuilder paired = null;
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (!Character.isSurrogate(unit)) {
        continue;
      }
      if (Character.isHighSurrogate(unit)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      if (paired == null) {
        paired = new StringBuilder(text);
      }
      paired.setCharAt(i, '\uFFFD');
    }
    return paired == null ? text : paired.toString();
  }
}
