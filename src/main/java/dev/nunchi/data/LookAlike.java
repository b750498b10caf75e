package dev.nunchi.data;

import dev.nunchi.text.Syllable;
import java.util.Map;
import java.util.SplittableRandom;

/// Writes syllables as others that look like them (야민정음): the open part of a syllable is exchanged
/// and its final consonant stays, as in 명작 to 띵작 and 비빔면 to 네넴띤; two are exchanged as a whole.
record LookAlike() implements NoiseKind {
  private static final Map<Character, Character> OPEN_PARTS =
      Map.of('머', '대', '대', '머', '귀', '커', '며', '띠', '비', '네', '파', '과', '과', '파');
  private static final Map<Character, Character> WHOLE = Map.of('유', '윾', '왕', '앟');

  @Override
  public String change(String text, SplittableRandom random) {
    StringBuilder changed = new StringBuilder(text);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Syllable.isSyllable(c)) {
        changed.setCharAt(i, lookAlike(c));
      }
    }
    return changed.toString();
  }

  private static char lookAlike(char c) {
    Character whole = WHOLE.get(c);
    if (whole != null) {
      return whole;
    }
    Syllable syllable = Syllable.of(c);
    Character open = OPEN_PARTS.get(syllable.withTrailing(Syllable.OPEN).composed());
    return open == null ? c : Syllable.of(open).withTrailing(syllable.trailing()).composed();
  }
}
