package dev.nunchi.text;

import org.jspecify.annotations.Nullable;

/// Compatibility jamo that spell syllables letter by letter made those syllables: ㅈㅓㅇㅁㅏㄹ to 정말, as
/// those write who avoid a filter.
///
/// A consonant and a vowel after it begin a syllable; the next consonant ends it unless a vowel
/// follows that one. A vowel that is repeated is drawn out or a pair of eyes and begins none, so
/// ㅋㅋㅠㅠ and ㅏㅏㅏ stay, as do letters without a vowel (ㅋㅋ, ㅇㅈ).
final class LooseJamo {
  private LooseJamo() {}

  static NormalizedText compose(NormalizedText text) {
    String from = text.text();
    NormalizedText.@Nullable Builder to = null;
    int read = 0;
    for (int i = 0; i < from.length(); ) {
      if (!begins(from, i)) {
        i++;
        continue;
      }
      if (to == null) {
        to = new NormalizedText.Builder(text);
      }
      boolean closed = closes(from, i + 2);
      char trailing = closed ? from.charAt(i + 2) : Syllable.OPEN;
      Syllable syllable = new Syllable(from.charAt(i), from.charAt(i + 1), trailing);
      to.keep(read, i);
      read = closed ? i + 3 : i + 2;
      to.replace(String.valueOf(syllable.composed()), i, read);
      i = read;
    }
    if (to == null) {
      return text;
    }
    to.keep(read, from.length());
    return to.build();
  }

  /// Whether a syllable starts at `start`, where nothing before it takes the letter.
  static boolean begins(String text, int start) {
    char vowel = at(text, start + 1);
    return Syllable.isVowel(vowel)
        && vowel != at(text, start + 2)
        && Syllable.isLeading(text.charAt(start));
  }

  private static boolean closes(String text, int index) {
    return Syllable.isTrailing(at(text, index)) && !Syllable.isVowel(at(text, index + 1));
  }

  private static char at(String text, int index) {
    return index < text.length() ? text.charAt(index) : ' ';
  }
}
