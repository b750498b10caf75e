package dev.nunchi.data;

import dev.nunchi.text.Syllable;
import java.util.BitSet;
import java.util.SplittableRandom;

/// Leaves out half of the final consonants, drawn at random; of an odd number the greater half.
record FinalsDropped() implements NoiseKind {
  @Override
  public String change(String text, SplittableRandom random) {
    int[] closed =
        text.chars().filter(c -> Syllable.isSyllable(c) && !Syllable.of(c).isOpen()).toArray();
    BitSet dropped = Draw.share(closed.length, 0.5, random);
    StringBuilder changed = new StringBuilder(text);
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Syllable.isSyllable(c) && !Syllable.of(c).isOpen() && dropped.get(number++)) {
        changed.setCharAt(i, Syllable.of(c).withTrailing(Syllable.OPEN).composed());
      }
    }
    return changed.toString();
  }
}
