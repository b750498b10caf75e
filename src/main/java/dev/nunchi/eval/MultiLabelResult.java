package dev.nunchi.eval;

import static dev.nunchi.eval.ClassScores.quotient;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// What an evaluation of a multi-label model found; a label is predicted from a probability of
/// [ProblemType#THRESHOLD] on. All figures equal scikit-learn's.
///
/// @param counts one for each label
/// @param metrics figures by stable names, in the order in which they are written: `count`;
///   `subset_accuracy`, the share of texts whose labels are all right, with its 95 % interval
///   `subset_accuracy_low` and `subset_accuracy_high`; `hamming_loss`; `precision`, `recall` and
///   `f1` with `micro_`, `macro_`, `weighted_` and `samples_`; `label_ranking_average_precision`,
///   `mean_average_precision`; and over all pairs of text and label `log_loss`, `brier_score`,
///   `expected_calibration_error`
public record MultiLabelResult(
    LabelSet labels, List<BinaryCounts> counts, Map<String, Double> metrics) {
  public MultiLabelResult {
    counts = List.copyOf(counts);
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /// Evaluates probabilities.
  ///
  /// @param actual `[rows, labels]`, whether the text has the label; at least one row
  /// @param probabilities `[rows, labels]`, each in [0, 1]
  public static MultiLabelResult of(LabelSet labels, boolean[][] actual, double[][] probabilities) {
    PairProbabilities pairs = PairProbabilities.of(actual, probabilities);
    List<BinaryCounts> counts =
        new ArrayList<>(Collections.nCopies(labels.size(), BinaryCounts.NONE));
    List<ClassScores> samples = new ArrayList<>();
    long right = 0;
    double ranking = 0;
    for (int row = 0; row < actual.length; row++) {
      BinaryCounts ofText = BinaryCounts.NONE;
      for (int label = 0; label < labels.size(); label++) {
        BinaryCounts pair =
            BinaryCounts.of(actual[row][label], probabilities[row][label] >= ProblemType.THRESHOLD);
        counts.set(label, counts.get(label).plus(pair));
        ofText = ofText.plus(pair);
      }
      samples.add(ofText.scores());
      right += ofText.falsePositives() + ofText.falseNegatives() == 0 ? 1 : 0;
      ranking += Ranking.labelRankingAveragePrecision(actual[row], probabilities[row]);
    }
    BinaryCounts all = counts.stream().reduce(BinaryCounts.NONE, BinaryCounts::plus);
    List<ClassScores> scores = counts.stream().map(BinaryCounts::scores).toList();
    WilsonInterval interval = WilsonInterval.of(right, actual.length);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("count", (double) actual.length);
    metrics.put("subset_accuracy", (double) right / actual.length);
    metrics.put("subset_accuracy_low", interval.low());
    metrics.put("subset_accuracy_high", interval.high());
    metrics.put(
        "hamming_loss", (double) (all.falsePositives() + all.falseNegatives()) / all.total());
    put(metrics, "micro_", List.of(all.scores()), average -> 1);
    put(metrics, "macro_", scores, average -> 1);
    put(metrics, "weighted_", scores, ClassScores::support);
    put(metrics, "samples_", samples, average -> 1);
    metrics.put("label_ranking_average_precision", ranking / actual.length);
    metrics.put("mean_average_precision", meanAveragePrecision(labels, actual, probabilities));
    metrics.put("log_loss", pairs.logLoss());
    metrics.put("brier_score", pairs.brierScore());
    metrics.put("expected_calibration_error", pairs.reliability().expectedCalibrationError());
    return new MultiLabelResult(labels, counts, metrics);
  }

  private static double meanAveragePrecision(
      LabelSet labels, boolean[][] actual, double[][] probabilities) {
    double sum = 0;
    for (int label = 0; label < labels.size(); label++) {
      boolean[] relevant = new boolean[actual.length];
      double[] scores = new double[actual.length];
      for (int row = 0; row < actual.length; row++) {
        relevant[row] = actual[row][label];
        scores[row] = probabilities[row][label];
      }
      sum += Ranking.averagePrecision(relevant, scores);
    }
    return sum / labels.size();
  }

  private static void put(
      Map<String, Double> metrics,
      String prefix,
      List<ClassScores> scores,
      ToDoubleFunction<ClassScores> weight) {
    metrics.put(prefix + "precision", mean(scores, ClassScores::precision, weight));
    metrics.put(prefix + "recall", mean(scores, ClassScores::recall, weight));
    metrics.put(prefix + "f1", mean(scores, ClassScores::f1, weight));
  }

  private static double mean(
      List<ClassScores> scores,
      ToDoubleFunction<ClassScores> figure,
      ToDoubleFunction<ClassScores> weight) {
    double sum = 0;
    double weights = 0;
    for (ClassScores each : scores) {
      sum += weight.applyAsDouble(each) * figure.applyAsDouble(each);
      weights += weight.applyAsDouble(each);
    }
    return quotient(sum, weights);
  }
}
