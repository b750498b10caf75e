package dev.nunchi.train;

/// The figure on validation by which the best model of a run is kept.
public enum BestMetric {
  ACCURACY(true),
  MACRO_F1(true),
  LOSS(false);

  private final boolean greaterIsBetter;

  BestMetric(boolean greaterIsBetter) {
    this.greaterIsBetter = greaterIsBetter;
  }

  boolean isBetter(double value, double best) {
    return greaterIsBetter ? value > best : value < best;
  }

  /// A value that every measured one is better than.
  double worst() {
    return greaterIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
  }
}
