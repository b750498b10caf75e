package dev.nunchi.text;

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
    NormalizedText.Builder to = new NormalizedText.Builder(text);
    boolean changed = false;
    for (int i = 0; i < from.length(); ) {
      int end = syllableEnd(from, i);
      if (end == i) {
        to.keep(i, i + 1);
        i++;
      } else {
        char trailing = end == i + 3 ? from.charAt(i + 2) : Syllable.OPEN;
        Syllable syllable = new Syllable(from.charAt(i), from.charAt(i + 1), trailing);
        to.replace(String.valueOf(syllable.composed()), i, end);
        changed = true;
        i = end;
      }
    }
    return changed ? to.build() : text;
  }

  /// Where the syllable that starts at `start` ends; `start` where none does.
  private static int syllableEnd(String text, int start) {
    boolean begins =
        Syllable.isLeading(at(text, start))
            && Syllable.isVowel(at(text, start + 1))
            && at(text, start + 1) != at(text, start + 2);
    if (!begins) {
      return start;
    }
    boolean closed =
        Syllable.isTrailing(at(text, start + 2)) && !Syllable.isVowel(at(text, start + 3));
    return start + (closed ? 3 : 2);
  }

  private static char at(String text, int index) {
    return index < text.length() ? text.charAt(index) : ' ';
  }
}
