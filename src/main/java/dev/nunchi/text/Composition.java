package dev.nunchi.text;

import java.text.Normalizer.Form;

/// Unicode NFC: a letter and its combining marks become one character where there is one.
///
/// The text is composed in pieces, each a character with all that may combine with it, so that a
/// composed character knows its place.
final class Composition {
  private Composition() {}

  static NormalizedText compose(NormalizedText text) {
    String from = text.text();
    if (java.text.Normalizer.isNormalized(from, Form.NFC)) {
      return text;
    }
    NormalizedText.Builder to = new NormalizedText.Builder(text);
    for (int start = 0; start < from.length(); ) {
      int end = start + Character.charCount(from.codePointAt(start));
      while (end < from.length() && combines(from.codePointAt(end))) {
        end += Character.charCount(from.codePointAt(end));
      }
      String piece = from.substring(start, end);
      String composed = java.text.Normalizer.normalize(piece, Form.NFC);
      if (composed.equals(piece)) {
        to.keep(start, end);
      } else {
        to.replace(composed, start, end);
      }
      start = end;
    }
    return to.build();
  }

  /// Whether the character may combine with the one before it: marks, conjoining vowels and
  /// trailing consonants, and the vowel signs of Kirat Rai, which are letters by category.
  private static boolean combines(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          true;
      default ->
          (codePoint >= 0x1160 && codePoint <= 0x11FF)
              || (codePoint >= 0xD7B0 && codePoint <= 0xD7FF)
              || (codePoint >= 0x16D63 && codePoint <= 0x16D6A);
    };
  }
}
