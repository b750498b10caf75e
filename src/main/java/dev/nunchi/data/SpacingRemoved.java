package dev.nunchi.data;

import dev.nunchi.text.WhiteSpace;
import java.util.SplittableRandom;

/// Leaves out all white space.
record SpacingRemoved() implements NoiseKind {
  @Override
  public String change(String text, SplittableRandom random) {
    StringBuilder changed = new StringBuilder(text.length());
    text.codePoints().filter(c -> !WhiteSpace.isWhiteSpace(c)).forEach(changed::appendCodePoint);
    // The normaliser knows more white space than isBlank does.
    return changed.isEmpty() ? text : changed.toString();
  }
}
