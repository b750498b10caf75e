package dev.nunchi.eval;

/// Where a share lies, given that `successes` of `trials` were counted.
///
/// Unlike the share plus and minus two standard errors it stays in [0, 1] and holds for few trials
/// and for shares near 0 or 1. Wilson (1927), "Probable Inference, the Law of Succession, and
/// Statistical Inference"; without correction for continuity.
public record WilsonInterval(double low, double high) {
  /// The 97.5 % point of the normal distribution.
  private static final double Z = 1.959963984540054;

  /// The interval that holds it with 95 % confidence.
  ///
  /// @throws IllegalArgumentException unless 0 <= successes <= trials and trials > 0
  public static WilsonInterval of(long successes, long trials) {
    return of(successes, trials, Z);
  }

  /// The interval of another confidence.
  ///
  /// @param z point of the normal distribution that the confidence is of
  /// @throws IllegalArgumentException unless 0 <= successes <= trials and trials > 0
  public static WilsonInterval of(long successes, long trials, double z) {
    if (successes < 0 || successes > trials || trials == 0) {
      throw new IllegalArgumentException("%d successes of %d".formatted(successes, trials));
    }
    double n = trials;
    double p = successes / n;
    double center = p + z * z / (2 * n);
    double half = z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    double scale = 1 + z * z / n;
    return new WilsonInterval(
        successes == 0 ? 0 : (center - half) / scale,
        successes == trials ? 1 : (center + half) / scale);
  }
}
