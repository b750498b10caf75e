package dev.nunchi.eval;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// How well scores rank what is relevant before what is not; equal to scikit-learn's.
final class Ranking {
  private Ranking() {}

  /// scikit-learn's `average_precision_score` of one label: `Σ (R_n - R_(n-1)) P_n` over the
  /// distinct scores from high to low, with recall `R_n` and precision `P_n` of all texts of at
  /// least that score. In [0, 1]; 0 where no text is relevant.
  ///
  /// @param relevant `[rows]`
  /// @param scores `[rows]`
  static double averagePrecision(boolean[] relevant, double[] scores) {
    List<Integer> order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> scores[i]).reversed())
            .toList();
    double sum = 0;
    int found = 0;
    int counted = 0;
    for (int i = 0; i < scores.length; i++) {
      found += relevant[order.get(i)] ? 1 : 0;
      boolean lastOfScore =
          i + 1 == scores.length || scores[order.get(i + 1)] < scores[order.get(i)];
      if (lastOfScore) {
        sum += (double) (found - counted) * found / (i + 1);
        counted = found;
      }
    }
    return ClassScores.quotient(sum, found);
  }

  /// scikit-learn's `label_ranking_average_precision_score` of one text: for each of its labels,
  /// the share of its labels among all that score at least as high; their mean. In (0, 1]; 1 where
  /// it has no label or all.
  ///
  /// @param relevant `[labels]`
  /// @param scores `[labels]`
  static double labelRankingAveragePrecision(boolean[] relevant, double[] scores) {
    double sum = 0;
    int count = 0;
    for (int label = 0; label < scores.length; label++) {
      if (!relevant[label]) {
        continue;
      }
      int above = 0;
      int relevantAbove = 0;
      for (int other = 0; other < scores.length; other++) {
        if (scores[other] >= scores[label]) {
          above++;
          relevantAbove += relevant[other] ? 1 : 0;
        }
      }
      sum += (double) relevantAbove / above;
      count++;
    }
    return count == 0 ? 1 : sum / count;
  }
}
