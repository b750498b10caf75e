package dev.nunchi.text;

/// Removes characters without a look of their own: controls that are not white space, Unicode's
/// default ignorable code points (zero-width spaces and joiners, byte order mark, soft hyphen,
/// direction marks, Hangul fillers, variation selectors, tags), annotation marks and the object
/// replacement character.
///
/// A zero-width joiner between two emoji stays, for it makes one emoji of them (👨‍👩‍👧, 🏳️‍🌈);
/// their variation selectors go, so ❤️ and ❤ become the same. Without its tags the flag of a region
/// is the black flag that it starts with.
final class InvisibleCharacters {
  static final int ZERO_WIDTH_JOINER = 0x200D;

  private InvisibleCharacters() {}

  static NormalizedText remove(NormalizedText text) {
    String from = text.text();
    int first = 0;
    while (first < from.length() && !isInvisible(from.codePointAt(first))) {
      first += Character.charCount(from.codePointAt(first));
    }
    if (first == from.length()) {
      return text;
    }
    NormalizedText.Builder to = new NormalizedText.Builder(text);
    to.keep(0, first);
    for (int i = first; i < from.length(); ) {
      int codePoint = from.codePointAt(i);
      int next = i + Character.charCount(codePoint);
      if (!isInvisible(codePoint)
          || (codePoint == ZERO_WIDTH_JOINER && joins(to.last(), from, next))) {
        to.keep(i, next);
      }
      i = next;
    }
    return to.build();
  }

  private static boolean joins(int before, String text, int at) {
    if (before < 0
        || !(Character.isExtendedPictographic(before) || Character.isEmojiModifier(before))) {
      return false;
    }
    int i = at;
    while (i < text.length() && isInvisible(text.codePointAt(i))) {
      i += Character.charCount(text.codePointAt(i));
    }
    if (i == text.length() || !Character.isExtendedPictographic(text.codePointAt(i))) {
      return false;
    }
    // ↔ struck through composes to ↮, which is no emoji: the only emoji that composition changes.
    int after = i + Character.charCount(text.codePointAt(i));
    while (after < text.length() && isInvisible(text.codePointAt(after))) {
      after += Character.charCount(text.codePointAt(after));
    }
    return after == text.length() || text.charAt(after) != '\u0338';
  }

  static boolean isInvisible(int c) {
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      return !WhiteSpace.isWhiteSpace(c);
    }
    if (c < 0xAD || (c >= 0x3165 && c < 0xFE00)) {
      return false;
    }
    return c == 0xAD
        || c == 0x034F
        || c == 0x061C
        || (c >= 0x115F && c <= 0x1160)
        || (c >= 0x17B4 && c <= 0x17B5)
        || (c >= 0x180B && c <= 0x180F)
        || (c >= 0x200B && c <= 0x200F)
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2060 && c <= 0x206F)
        || c == 0x3164
        || (c >= 0xFE00 && c <= 0xFE0F)
        || c == 0xFEFF
        || c == 0xFFA0
        || (c >= 0xFFF0 && c <= 0xFFFC)
        || (c >= 0x1BCA0 && c <= 0x1BCA3)
        || (c >= 0x1D173 && c <= 0x1D17A)
        || (c >= 0xE0000 && c <= 0xE0FFF);
  }
}
