package dev.nunchi.eval;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A label that was taken for another.
///
/// @param actual index of the label that the texts have
/// @param predicted index of the label that they were given
/// @param count such texts, at least 1
/// @param shareOfActual among the texts of label `actual`, in (0, 1]
/// @param shareOfMistakes among all wrong answers, in (0, 1]
public record ConfusedPair(
    int actual, int predicted, long count, double shareOfActual, double shareOfMistakes) {

  /// Every pair that occurs, the most frequent first, of equal ones in the order of the labels.
  public static List<ConfusedPair> of(ConfusionMatrix matrix) {
    long mistakes = matrix.total() - matrix.correct();
    List<ConfusedPair> pairs = new ArrayList<>();
    for (int actual = 0; actual < matrix.labels().size(); actual++) {
      for (int predicted = 0; predicted < matrix.labels().size(); predicted++) {
        long count = matrix.count(actual, predicted);
        if (actual != predicted && count > 0) {
          pairs.add(
              new ConfusedPair(
                  actual,
                  predicted,
                  count,
                  (double) count / matrix.support(actual),
                  (double) count / mistakes));
        }
      }
    }
    pairs.sort(Comparator.comparingLong(ConfusedPair::count).reversed());
    return List.copyOf(pairs);
  }
}
