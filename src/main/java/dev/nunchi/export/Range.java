package dev.nunchi.export;

/// The numbers that 256 steps of one size cover: `low + i · step`, 0 exactly among them. What lies
/// outside is clipped to the nearer end.
///
/// @param low at most 0
/// @param high at least 0
record Range(float low, float high) {
  static final int STEPS = 255;

  Range {
    if (!(low <= 0 && high >= 0 && high > low)) {
      throw new IllegalArgumentException("[%s, %s] is no range around 0".formatted(low, high));
    }
  }

  float step() {
    return (high - low) / STEPS;
  }

  /// Which step is 0; in [0, 255].
  int zeroPoint() {
    return Math.round(-low / step());
  }

  /// The number that stands for `x`.
  float rounded(float x) {
    double step = Math.rint(x / step()) + zeroPoint();
    return (float) ((Math.clamp(step, 0, STEPS) - zeroPoint()) * step());
  }
}
