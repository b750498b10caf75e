package dev.nunchi.eval;

/// Where the difference of two accuracies lies with 95 % confidence, which were measured on the
/// same texts.
///
/// Each accuracy's [WilsonInterval] is known; the two are joined by the correlation φ of the two
/// models' outcomes, which is what makes the same texts tell more than others would: Newcombe
/// (1998), "Improved confidence intervals for the difference between binomial proportions based on
/// paired data", method 10. Stays in [-1, 1], and holds for few texts.
public record DifferenceInterval(double low, double high) {
  static DifferenceInterval of(PairedOutcomes outcomes) {
    double n = outcomes.count();
    WilsonInterval first =
        WilsonInterval.of(outcomes.bothRight() + outcomes.firstAlone(), outcomes.count());
    WilsonInterval second =
        WilsonInterval.of(outcomes.bothRight() + outcomes.secondAlone(), outcomes.count());
    double phi = correlation(outcomes, n);
    double p1 = outcomes.firstAccuracy();
    double p2 = outcomes.secondAccuracy();
    return new DifferenceInterval(
        p1 - p2 - joined(p1 - first.low(), second.high() - p2, phi),
        p1 - p2 + joined(first.high() - p1, p2 - second.low(), phi));
  }

  private static double joined(double first, double second, double phi) {
    return Math.sqrt(Math.max(0, first * first - 2 * phi * first * second + second * second));
  }

  /// φ with the method's correction for continuity, which counts agreement a little lower; 0 where
  /// a model is right, or wrong, of all texts.
  private static double correlation(PairedOutcomes outcomes, double n) {
    double a = outcomes.bothRight();
    double b = outcomes.firstAlone();
    double c = outcomes.secondAlone();
    double d = outcomes.neither();
    double margins = (a + b) * (c + d) * (a + c) * (b + d);
    if (margins == 0) {
      return 0;
    }
    double together = a * d - b * c;
    return (together > 0 ? Math.max(0, together - n / 2) : together) / Math.sqrt(margins);
  }
}
