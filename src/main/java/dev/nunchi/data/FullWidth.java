package dev.nunchi.data;

import java.util.SplittableRandom;

/// Writes letters, digits and marks of ASCII in their full-width forms; spaces stay.
record FullWidth() implements NoiseKind {
  private static final int DISTANCE = 0xFF01 - '!';

  @Override
  public String change(String text, SplittableRandom random) {
    StringBuilder changed = new StringBuilder(text.length());
    text.chars().forEach(c -> changed.append((char) (c >= '!' && c <= '~' ? c + DISTANCE : c)));
    return changed.toString();
  }
}
