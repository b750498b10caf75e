package dev.nunchi.data;

import dev.nunchi.text.Syllable;
import dev.nunchi.text.WhiteSpace;
import java.util.BitSet;
import java.util.SplittableRandom;

/// Draws out what shows feeling: runs of letters that stand alone (ㅋㅋ, ㅠㅠ) by three to ten more,
/// and the vowels of a quarter of the words that end in one by one to three syllables (좋아 to 좋아아).
record Stretched() implements NoiseKind {
  private static final double WORDS = 0.25;
  private static final String VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ";
  // What is heard when each of them is held.
  private static final String HELD = "ㅏㅐㅏㅐㅓㅔㅓㅔㅗㅏㅐㅔㅗㅜㅓㅔㅣㅜㅡㅣㅣ";

  @Override
  public String change(String text, SplittableRandom random) {
    int open = 0;
    for (int i = 0; i < text.length(); i++) {
      open += isOpenEnd(text, i) ? 1 : 0;
    }
    BitSet words = Draw.share(open, WORDS, random);
    StringBuilder changed = new StringBuilder(text.length() + 16);
    int word = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      changed.append(c);
      if (isRunEnd(text, i)) {
        changed.repeat(c, 3 + random.nextInt(8));
      } else if (isOpenEnd(text, i) && words.get(word++)) {
        changed.repeat(held(c), 1 + random.nextInt(3));
      }
    }
    return changed.toString();
  }

  private static boolean isRunEnd(String text, int i) {
    char c = text.charAt(i);
    return c >= 'ㄱ' && c <= 'ㅣ' && (i + 1 == text.length() || text.charAt(i + 1) != c);
  }

  private static boolean isOpenEnd(String text, int i) {
    char c = text.charAt(i);
    boolean last = i + 1 == text.length() || WhiteSpace.isWhiteSpace(text.charAt(i + 1));
    return last && Syllable.isSyllable(c) && Syllable.of(c).isOpen();
  }

  private static char held(char c) {
    char vowel = HELD.charAt(VOWELS.indexOf(Syllable.of(c).vowel()));
    return new Syllable('ㅇ', vowel, Syllable.OPEN).composed();
  }
}
