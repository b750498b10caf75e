package dev.nunchi.export;

import java.util.Arrays;

/// How the input of linear layers becomes whole numbers: divided channel by channel, then rounded
/// in steps of one size. The layers' weights are multiplied by the same divisors, so that the
/// product stays.
///
/// @param range of the divided input
/// @param divisors of each channel, over 0; empty where nothing is divided
record Rounding(Range range, float[] divisors) {
  static Rounding undivided(Range range) {
    return new Rounding(range, new float[0]);
  }

  boolean divides() {
    return divisors.length > 0;
  }

  /// What each channel of the weights is multiplied by.
  float[] factors(int channels) {
    if (divides()) {
      return divisors;
    }
    float[] ones = new float[channels];
    Arrays.fill(ones, 1);
    return ones;
  }
}
