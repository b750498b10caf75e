package dev.nunchi.eval;

import java.util.ArrayList;
import java.util.List;

/// The number by which logits are divided before softmax so that confidence is what it says.
///
/// Temperature scaling (Guo et al. 2017, <https://arxiv.org/abs/1706.04599>) takes the one of the
/// greatest likelihood over validation data. That one is 0 where every answer is right, however few
/// they are, and then every later answer is certain. So where the data asks for more confidence
/// than the network has, some texts are added whose labels are drawn by the scores as they are: the
/// conjugate prior of an exponential family (Diaconis and Ylvisaker 1979), for softmax what Platt's
/// (1999) smoothed targets are for one sigmoid. It pulls towards 1, strongly where the texts are
/// few, by a part in a few hundred where they are thousands. Where the data asks for less
/// confidence it gets it whole: to doubt too much on little evidence does no harm.
///
/// In the inverse temperature `b` the mean negative log-likelihood is convex: for a row with logits
/// `z` and label `y` it is `log(sum(exp(b z))) - b z_y`, its slope `E[z] - z_y` and its curvature
/// `Var[z]` under `softmax(b z)`. With `n` rows and `m` added ones the slope is zero where the mean
/// of `E[z]` is `(n · mean of z_y + m · mean of E[z] at 1) / (n + m)`. Newton's method finds that
/// point between bounds that close in, by bisection where a step would leave them.
public final class Temperature {
  /// A network whose scores have to be sharpened more than fourfold has hardly been trained, and
  /// the texts that follow need not be as easy.
  public static final double LEAST = 0.25;

  public static final double GREATEST = 20;

  /// How many texts the prior stands for.
  static final int PRIOR_TEXTS = 10;

  private static final int MOST_STEPS = 200;
  private static final double TOLERANCE = 1e-14;

  private Temperature() {}

  /// Means over all rows, of logits less the row's largest.
  private record Moments(double expected, double variance) {}

  /// The temperature for these logits, in [0.25, 20]; a bound where the zero lies past it, 1 where
  /// the logits say nothing.
  ///
  /// @param actual `[rows]`, the index of each row's label
  /// @param logits `[rows, labels]`, finite
  public static double fit(int[] actual, double[][] logits) {
    return fit(actual, logits, PRIOR_TEXTS);
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
    int pairsOfAText = actual.length == 0 ? 1 : pairs.size() / actual.length;
    return fit(
        has.stream().mapToInt(Integer::intValue).toArray(),
        pairs.toArray(double[][]::new),
        PRIOR_TEXTS * pairsOfAText);
  }

  private static double fit(int[] actual, double[][] logits, double added) {
    if (actual.length != logits.length || actual.length == 0) {
      throw new IllegalArgumentException(
          "%d labels beside %d rows of logits".formatted(actual.length, logits.length));
    }
    int rows = actual.length;
    double atOne = moments(logits, 1).expected();
    double observed = observed(actual, logits);
    double target =
        observed > atOne ? (rows * observed + added * atOne) / (rows + added) : observed;
    if (atOne == target) {
      return 1;
    }
    double low = 1 / GREATEST;
    double high = 1 / LEAST;
    if (moments(logits, low).expected() >= target) {
      return GREATEST;
    }
    if (moments(logits, high).expected() <= target) {
      return LEAST;
    }
    double b = 1;
    for (int step = 0; step < MOST_STEPS; step++) {
      Moments at = moments(logits, b);
      if (at.expected() < target) {
        low = b;
      } else {
        high = b;
      }
      double next = b - (at.expected() - target) / at.variance();
      // Also where the variance is 0 and the step is not a number.
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

  private static double observed(int[] actual, double[][] logits) {
    double sum = 0;
    for (int row = 0; row < actual.length; row++) {
      sum += logits[row][actual[row]] - largest(logits[row]);
    }
    return sum / actual.length;
  }

  /// Under `softmax(b z)`.
  private static Moments moments(double[][] logits, double b) {
    double expected = 0;
    double variance = 0;
    for (double[] z : logits) {
      double largest = largest(z);
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
      expected += mean;
      variance += second / weights - mean * mean;
    }
    return new Moments(expected / logits.length, variance / logits.length);
  }

  private static double largest(double[] z) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double logit : z) {
      largest = Math.max(largest, logit);
    }
    return largest;
  }
}
