package dev.nunchi.text;

import java.text.Normalizer.Form;
import org.jspecify.annotations.Nullable;

/// Compatibility and full-width forms to their plain ones, character by character: Unicode NFKC
/// with three exceptions.
///
/// - NFKC makes the conjoining jamo ᄏ of the compatibility jamo ㅋ, which is what Korean users type;
///   ㅋ stays, and half-width and circled jamo become compatibility jamo.
/// - NFKC makes a space and a combining mark of ´ and ¨; such a character stays, since it is part
///   of an emoticon where Korean users type it. Full-width ￣ becomes ¯.
/// - Characters that NFC changes too are left to the composition step.
final class CompatibilityForms {
  private CompatibilityForms() {}

  static NormalizedText plain(NormalizedText text) {
    String from = text.text();
    int first = 0;
    while (first < from.length() && plain(from.codePointAt(first)) == null) {
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
      String plain = plain(codePoint);
      if (plain == null) {
        to.keep(i, next);
      } else {
        to.replace(plain, i, next);
      }
      i = next;
    }
    return to.build();
  }

  /// Whether the character is one of the many that surely have no plain form, to save the look-up.
  private static boolean hasNoForm(int codePoint) {
    return codePoint < 0xA0
        || Syllable.isSyllable(codePoint)
        || (codePoint >= 0x4E00 && codePoint <= 0x9FFF)
        || Jamo.isCompatibility(codePoint);
  }

  /// The plain form, or null where the character stays.
  private static @Nullable String plain(int codePoint) {
    if (hasNoForm(codePoint)) {
      return null;
    }
    if (codePoint == 0xFFE3) {
      return "\u00AF";
    }
    String self = Character.toString(codePoint);
    String plain = java.text.Normalizer.normalize(self, Form.NFKC);
    if (plain.equals(self)
        || plain.equals(java.text.Normalizer.normalize(self, Form.NFC))
        || (plain.length() > 1 && plain.charAt(0) == ' ')) {
      return null;
    }
    return Jamo.toCompatibility(plain);
  }
}
