package dev.nunchi.eval;

import dev.nunchi.ProblemType;
import java.util.Arrays;
import java.util.stream.IntStream;

/// What is added to the logit of each label so that, together with a [Temperature], scores fit
/// validation data best: the bias-corrected temperature scaling of Alexandari et al. (2020,
/// <https://arxiv.org/abs/1901.06852>).
///
/// They are as many as the labels, so that few texts are soon fitted too well: [#help] says whether
/// those of one half serve the other.
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

  /// Whether intercepts and temperature that are fitted on one half of the rows make the labels of
  /// the other half more likely than a temperature alone, both ways together. Each label's rows go
  /// to the halves in turn.
  ///
  /// @param actual `[rows]`, the index of each row's label
  /// @param logits `[rows, labels]`, finite
  public static boolean help(int[] actual, double[][] logits) {
    int[] half = new int[actual.length];
    int[] seen = new int[logits[0].length];
    for (int row = 0; row < actual.length; row++) {
      half[row] = seen[actual[row]]++ % 2;
    }
    double gain = 0;
    for (int held = 0; held < 2; held++) {
      Half fitted = Half.of(actual, logits, half, 1 - held);
      Half judged = Half.of(actual, logits, half, held);
      if (fitted.actual.length == 0 || judged.actual.length == 0) {
        return false;
      }
      double[] intercepts = fit(fitted.actual, fitted.logits);
      gain += judged.loss(new double[intercepts.length], fitted) - judged.loss(intercepts, fitted);
    }
    return gain > 0;
  }

  private record Half(int[] actual, double[][] logits) {
    static Half of(int[] actual, double[][] logits, int[] half, int which) {
      int[] rows = IntStream.range(0, half.length).filter(row -> half[row] == which).toArray();
      return new Half(
          Arrays.stream(rows).map(row -> actual[row]).toArray(),
          Arrays.stream(rows).mapToObj(row -> logits[row]).toArray(double[][]::new));
    }

    /// The summed negative log-likelihood with these intercepts, at the temperature that `fitted`
    /// asks for with them.
    double loss(double[] intercepts, Half fitted) {
      double temperature = Temperature.fit(fitted.actual, added(fitted.logits, intercepts));
      double[][] probabilities = Calibration.probabilities(added(logits, intercepts), temperature);
      return actual.length * ProbabilityMetrics.logLoss(actual, probabilities);
    }
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
