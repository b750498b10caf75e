package dev.nunchi.eval;

import dev.nunchi.ProblemType;
import java.util.Arrays;

/// What is added to the logit of each label so that, together with a [Temperature], scores fit
/// validation data best: the bias-corrected temperature scaling of Alexandari et al. (2020,
/// <https://arxiv.org/abs/1901.06852>).
///
/// A network that has seen one class more often than another leans towards it on new texts, also
/// where the loss weighs the classes. At the likelihood's maximum the mean score of each label is
/// the label's share of the rows; iterative scaling finds that point (Darroch and Ratcliff, 1972).
public final class Intercepts {
  private static final int ROUNDS = 50;

  private Intercepts() {}

  /// The intercepts, whose mean is 0.
  ///
  /// @param actual `[rows]`, the index of each row's label; every label occurs
  /// @param logits `[rows, labels]`, finite
  public static double[] fit(int[] actual, double[][] logits) {
    int labels = logits[0].length;
    double[] shares = new double[labels];
    for (int label : actual) {
      shares[label] += 1.0 / actual.length;
    }
    double[] intercepts = new double[labels];
    for (int round = 0; round < ROUNDS; round++) {
      double[][] shifted = added(logits, intercepts);
      double temperature = Temperature.fit(actual, shifted);
      double[] means = new double[labels];
      for (double[] row : shifted) {
        double[] scores = ProblemType.SINGLE_LABEL_CLASSIFICATION.probabilities(row, temperature);
        for (int label = 0; label < labels; label++) {
          means[label] += scores[label] / actual.length;
        }
      }
      for (int label = 0; label < labels; label++) {
        if (shares[label] > 0) {
          intercepts[label] += temperature * Math.log(shares[label] / means[label]);
        }
      }
      double mean = Arrays.stream(intercepts).average().orElseThrow();
      Arrays.setAll(intercepts, label -> intercepts[label] - mean);
    }
    return intercepts;
  }

  /// Every row with the intercepts added.
  public static double[][] added(double[][] logits, double[] intercepts) {
    return Arrays.stream(logits)
        .map(row -> {
          double[] sum = row.clone();
          for (int label = 0; label < sum.length; label++) {
            sum[label] += intercepts[label];
          }
          return sum;
        })
        .toArray(double[][]::new);
  }
}
