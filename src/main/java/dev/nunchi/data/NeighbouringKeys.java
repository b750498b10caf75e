package dev.nunchi.data;

import dev.nunchi.text.Syllable;
import java.util.BitSet;
import java.util.SplittableRandom;

/// Replaces one letter of a tenth of the syllables, of one at least, by one that lies beside it on
/// the [TwoSetKeyboard].
record NeighbouringKeys() implements NoiseKind {
  private static final double SHARE = 0.1;

  @Override
  public String change(String text, SplittableRandom random) {
    int syllables = (int) text.chars().filter(Syllable::isSyllable).count();
    BitSet slipped = Draw.share(syllables, SHARE, random);
    StringBuilder changed = new StringBuilder(text);
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Syllable.isSyllable(c) && slipped.get(number++)) {
        changed.setCharAt(i, slip(Syllable.of(c), random).composed());
      }
    }
    return changed.toString();
  }

  /// A leading consonant always is a key of its own, so that there is a letter to slip on.
  private static Syllable slip(Syllable syllable, SplittableRandom random) {
    String letters = syllable.letters();
    while (true) {
      int place = random.nextInt(letters.length());
      String beside = TwoSetKeyboard.neighbours(letters.charAt(place));
      if (beside.isEmpty()) {
        continue;
      }
      char other = beside.charAt(random.nextInt(beside.length()));
      return switch (place) {
        case 0 -> syllable.withLeading(other);
        case 1 -> syllable.withVowel(other);
        default -> syllable.withTrailing(other);
      };
    }
  }
}
