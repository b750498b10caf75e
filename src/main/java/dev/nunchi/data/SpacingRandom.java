package dev.nunchi.data;

import dev.nunchi.text.Syllable;
import dev.nunchi.text.WhiteSpace;
import java.util.SplittableRandom;

/// Leaves out white space between words with a chance of a half, and puts a space between two
/// syllables of a word with a chance of an eighth.
record SpacingRandom() implements NoiseKind {
  private static final double LEFT_OUT = 0.5;
  private static final double PUT_IN = 0.125;

  @Override
  public String change(String text, SplittableRandom random) {
    StringBuilder changed = new StringBuilder(text.length());
    int before = ' ';
    boolean visible = false;
    for (int c : text.codePoints().toArray()) {
      boolean space = WhiteSpace.isWhiteSpace(c);
      visible |= !space;
      if (space && random.nextDouble() < LEFT_OUT) {
        before = c;
        continue;
      }
      if (Syllable.isSyllable(before) && Syllable.isSyllable(c) && random.nextDouble() < PUT_IN) {
        changed.append(' ');
      }
      changed.appendCodePoint(c);
      before = c;
    }
    return visible ? changed.toString() : text;
  }
}
