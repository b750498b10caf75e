package dev.nunchi.train;

import java.util.Locale;

/// The figure on validation by which the best model of a run is kept.
public enum BestMetric {
  ACCURACY(true),
  MACRO_F1(true),
  LOSS(false);

  private final boolean greaterIsBetter;

  BestMetric(boolean greaterIsBetter) {
    this.greaterIsBetter = greaterIsBetter;
  }

  boolean greaterIsBetter() {
    return greaterIsBetter;
  }

  /// Its name in recipes and records, for example `macro_f1`.
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Whether `value` is better than `best` by more than `threshold`.
  boolean isBetter(double value, double best, double threshold) {
    return greaterIsBetter ? value > best + threshold : value < best - threshold;
  }

  /// A value that every measured one is better than.
  double worst() {
    return greaterIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
  }
}
