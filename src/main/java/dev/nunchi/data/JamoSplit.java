package dev.nunchi.data;

import dev.nunchi.text.Syllable;
import java.util.SplittableRandom;

/// Writes every syllable as its letters, in compatibility jamo.
record JamoSplit() implements NoiseKind {
  @Override
  public String change(String text, SplittableRandom random) {
    StringBuilder changed = new StringBuilder(text.length() * 3);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Syllable.isSyllable(c)) {
        changed.append(Syllable.of(c).letters());
      } else {
        changed.append(c);
      }
    }
    return changed.toString();
  }
}
