package dev.nunchi.text;

import org.jspecify.annotations.Nullable;

/// Runs of one repeated character cut to a longest length: ㅋㅋㅋㅋㅋ to ㅋㅋㅋ.
///
/// A character is what a reader takes for one: a code point with its marks, an emoji with skin tone
/// or joined to others, a flag of two letters. White space and single digits are left alone: 10000
/// is not 1000. The last character that stays stands for all that were cut.
final class Runs {
  private Runs() {}

  static NormalizedText cut(NormalizedText text, int longest) {
    String from = text.text();
    NormalizedText.@Nullable Builder to = null;
    int read = 0;
    for (int start = 0; start < from.length(); ) {
      int end = characterEnd(from, start);
      int length = end - start;
      int runEnd = end;
      while (runEnd < from.length()
          && from.charAt(runEnd) == from.charAt(start)
          && from.regionMatches(start, from, runEnd, length)
          && characterEnd(from, runEnd) == runEnd + length) {
        runEnd += length;
      }
      if (runEnd - start > (long) longest * length && counts(from, start, end)) {
        if (to == null) {
          to = new NormalizedText.Builder(text);
        }
        to.keep(read, start + longest * length);
        to.extend(length, runEnd);
        read = runEnd;
      }
      start = runEnd;
    }
    if (to == null) {
      return text;
    }
    to.keep(read, from.length());
    return to.build();
  }

  private static boolean counts(String text, int start, int end) {
    int c = text.codePointAt(start);
    boolean single = end == start + Character.charCount(c);
    return !(single && (Character.isDigit(c) || WhiteSpace.isWhiteSpace(c)));
  }

  private static int characterEnd(String text, int start) {
    int c = text.codePointAt(start);
    int end = start + Character.charCount(c);
    if (isRegionalIndicator(c)
        && end < text.length()
        && isRegionalIndicator(text.codePointAt(end))) {
      return end + 2;
    }
    while (end < text.length()) {
      c = text.codePointAt(end);
      if (c == InvisibleCharacters.ZERO_WIDTH_JOINER) {
        end++;
        if (end < text.length()) {
          end += Character.charCount(text.codePointAt(end));
        }
      } else if (extendsCharacter(c)) {
        end += Character.charCount(c);
      } else {
        break;
      }
    }
    return end;
  }

  private static boolean extendsCharacter(int c) {
    if (c < 0x300 || (c >= 0x3131 && c < 0xA000) || Syllable.isSyllable(c)) {
      return false;
    }
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || Character.isEmojiModifier(c)
        || (c >= 0xE0020 && c <= 0xE007F);
  }

  private static boolean isRegionalIndicator(int c) {
    return c >= 0x1F1E6 && c <= 0x1F1FF;
  }
}
