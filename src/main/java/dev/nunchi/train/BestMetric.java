package dev.nunchi.train;

import dev.nunchi.ProblemType;
import java.util.List;
import java.util.Locale;

/// The figure on validation by which the best model of a run is kept.
public enum BestMetric {
  /// Of several labels the share of texts whose labels are all right.
  ACCURACY(true),
  MACRO_F1(true),
  /// The mean over the labels, each weighted by its texts.
  WEIGHTED_F1(true),
  LOSS(false),
  /// Mean absolute error.
  MAE(false),
  /// Root mean squared error.
  RMSE(false),
  PEARSON(true),
  SPEARMAN(true);

  private static final List<BestMetric> OF_LABELS = List.of(ACCURACY, MACRO_F1, WEIGHTED_F1, LOSS);
  private static final List<BestMetric> OF_VALUES = List.of(MAE, RMSE, PEARSON, SPEARMAN, LOSS);

  private final boolean greaterIsBetter;

  BestMetric(boolean greaterIsBetter) {
    this.greaterIsBetter = greaterIsBetter;
  }

  /// Those that are measured, in the order in which they are said.
  static List<BestMetric> of(ProblemType problemType) {
    return problemType == ProblemType.REGRESSION ? OF_VALUES : OF_LABELS;
  }

  boolean greaterIsBetter() {
    return greaterIsBetter;
  }

  /// Its name in recipes and records, for example `macro_f1`.
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Its name in sentences, for example `macro F1`.
  public String words() {
    return switch (this) {
      case MAE, RMSE -> name();
      case MACRO_F1 -> "macro F1";
      case WEIGHTED_F1 -> "weighted F1";
      case PEARSON -> "Pearson";
      case SPEARMAN -> "Spearman";
      case ACCURACY, LOSS -> key();
    };
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
