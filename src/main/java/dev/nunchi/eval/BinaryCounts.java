package dev.nunchi.eval;

/// One label of a multi-label model against its texts: scikit-learn's
/// `multilabel_confusion_matrix`.
///
/// @param trueNegatives texts that neither have the label nor were given it
/// @param falsePositives texts that were given it and lack it
/// @param falseNegatives texts that have it and were not given it
/// @param truePositives texts that have it and were given it
public record BinaryCounts(
    long trueNegatives, long falsePositives, long falseNegatives, long truePositives) {
  static final BinaryCounts NONE = new BinaryCounts(0, 0, 0, 0);

  static BinaryCounts of(boolean actual, boolean predicted) {
    return new BinaryCounts(
        !actual && !predicted ? 1 : 0,
        !actual && predicted ? 1 : 0,
        actual && !predicted ? 1 : 0,
        actual && predicted ? 1 : 0);
  }

  BinaryCounts plus(BinaryCounts other) {
    return new BinaryCounts(
        trueNegatives + other.trueNegatives,
        falsePositives + other.falsePositives,
        falseNegatives + other.falseNegatives,
        truePositives + other.truePositives);
  }

  public ClassScores scores() {
    return ClassScores.of(
        truePositives, truePositives + falsePositives, truePositives + falseNegatives);
  }

  public long total() {
    return trueNegatives + falsePositives + falseNegatives + truePositives;
  }
}
