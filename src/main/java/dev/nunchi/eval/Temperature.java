package dev.nunchi.eval;

import java.util.ArrayList;
import java.util.List;

/// The number by which logits are divided before softmax so that confidence is what it says.
///
/// Fitted by the least negative log-likelihood over validation data (Guo et al. 2017). In the
/// inverse temperature `b` that mean is convex: for a row with logits `z` and label `y` it is
/// `log(sum(exp(b z))) - b z_y`, its slope `E[z] - z_y` and its curvature `Var[z]` under `softmax(b
/// z)`. Newton's method finds the zero of the slope between bounds that close in, by bisection
/// where a step would leave them.
public final class Temperature {
  public static final double LEAST = 0.05;
  public static final double GREATEST = 20;

  private static final int MOST_STEPS = 200;
  private static final double TOLERANCE = 1e-14;

  private Temperature() {}

  private record Derivatives(double slope, double curvature) {}

  /// The temperature for these logits, in [0.05, 20]; a bound where the likelihood still rises
  /// there (the predictions are all right, or no better than chance), 1 where it says nothing.
  ///
  /// @param actual `[rows]`, the index of each row's label
  /// @param logits `[rows, labels]`, finite
  public static double fit(int[] actual, double[][] logits) {
    if (actual.length != logits.length || actual.length == 0) {
      throw new IllegalArgumentException(
          "%d labels beside %d rows of logits".formatted(actual.length, logits.length));
    }
    double low = 1 / GREATEST;
    double high = 1 / LEAST;
    double b = 1;
    if (derivatives(actual, logits, b).slope() == 0) {
      return 1;
    }
    if (derivatives(actual, logits, low).slope() >= 0) {
      return GREATEST;
    }
    if (derivatives(actual, logits, high).slope() <= 0) {
      return LEAST;
    }
    for (int step = 0; step < MOST_STEPS; step++) {
      Derivatives at = derivatives(actual, logits, b);
      if (at.slope() < 0) {
        low = b;
      } else {
        high = b;
      }
      double next = b - at.slope() / at.curvature();
      // Also where the curvature is 0 and the step is not a number.
      if (!(next > low && next < high)) {
        next = (low + high) / 2;
      }
      boolean settled = Math.abs(next - b) <= TOLERANCE * b;
      b = next;
      if (settled) {
        break;
      }
    }
    return 1 / b;
  }

  /// The temperature for logits of multi-label data: each pair of text and label is a row of its
  /// own, with the logits 0 for "has it not" and `z` for "has it".
  ///
  /// @param actual `[rows, labels]`, whether the text has the label
  /// @param logits `[rows, labels]`, finite
  public static double fit(boolean[][] actual, double[][] logits) {
    List<Integer> has = new ArrayList<>();
    List<double[]> pairs = new ArrayList<>();
    for (int row = 0; row < actual.length; row++) {
      for (int label = 0; label < actual[row].length; label++) {
        has.add(actual[row][label] ? 1 : 0);
        pairs.add(new double[] {0, logits[row][label]});
      }
    }
    return fit(has.stream().mapToInt(Integer::intValue).toArray(), pairs.toArray(double[][]::new));
  }

  /// Of the mean negative log-likelihood, with respect to b.
  private static Derivatives derivatives(int[] actual, double[][] logits, double b) {
    double slope = 0;
    double curvature = 0;
    for (int row = 0; row < actual.length; row++) {
      double[] z = logits[row];
      double largest = Double.NEGATIVE_INFINITY;
      for (double logit : z) {
        largest = Math.max(largest, logit);
      }
      double weights = 0;
      double first = 0;
      double second = 0;
      for (double logit : z) {
        double shifted = logit - largest;
        double weight = Math.exp(b * shifted);
        weights += weight;
        first += weight * shifted;
        second += weight * shifted * shifted;
      }
      double mean = first / weights;
      slope += mean - (z[actual[row]] - largest);
      curvature += second / weights - mean * mean;
    }
    return new Derivatives(slope / actual.length, curvature / actual.length);
  }
}
