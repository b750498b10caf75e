package dev.nunchi.eval;

import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// What an evaluation of a regression found. Figures equal those of scikit-learn and SciPy, but for
/// what these do not define: a correlation is 0 where all answers or all values are equal.
///
/// @param metrics figures by stable names, in the order in which they are written: `count`; the
///   mean absolute error `mae`, the root mean squared error `rmse`, the correlations `pearson` and
///   `spearman`, each with its 95 % interval `…_low` and `…_high`; `mse`; `r2`, the share of the
///   values' variance that the answers explain; `bias`, the mean of answer less value
public record RegressionResult(Map<String, Double> metrics) {
  /// The 97.5 % point of the normal distribution.
  private static final double Z = 1.959963984540054;

  public RegressionResult {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /// Evaluates answers.
  ///
  /// The intervals of the errors take their means for normal, which holds from some dozens of texts
  /// on; those of the correlations are Fisher's (1921), with the variance of Bonett and Wright
  /// (2000, <https://doi.org/10.1007/BF02294183>) for ranks. Below four texts a correlation may be
  /// anything.
  ///
  /// @param actual `[rows]`, what people gave; at least one, finite
  /// @param answers `[rows]`, finite
  public static RegressionResult of(double[] actual, double[] answers) {
    if (actual.length != answers.length || actual.length == 0) {
      throw new IllegalArgumentException(
          "%d values beside %d answers".formatted(actual.length, answers.length));
    }
    int n = actual.length;
    double[] errors = IntStream.range(0, n).mapToDouble(i -> answers[i] - actual[i]).toArray();
    double[] absolute = Arrays.stream(errors).map(Math::abs).toArray();
    double[] squared = Arrays.stream(errors).map(error -> error * error).toArray();
    double mae = mean(absolute);
    double mse = mean(squared);
    double maeHalf = halfInterval(absolute);
    double mseHalf = halfInterval(squared);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("count", (double) n);
    metrics.put("mae", mae);
    metrics.put("mae_low", Math.max(0, mae - maeHalf));
    metrics.put("mae_high", mae + maeHalf);
    metrics.put("rmse", Math.sqrt(mse));
    metrics.put("rmse_low", Math.sqrt(Math.max(0, mse - mseHalf)));
    metrics.put("rmse_high", Math.sqrt(mse + mseHalf));
    double pearson = correlation(actual, answers);
    put(metrics, "pearson", pearson, 1 / Math.sqrt(n - 3.0), n);
    double spearman = correlation(ranks(actual), ranks(answers));
    put(metrics, "spearman", spearman, Math.sqrt((1 + spearman * spearman / 2) / (n - 3.0)), n);
    metrics.put("mse", mse);
    double variance = variance(actual);
    metrics.put("r2", variance == 0 ? (mse == 0 ? 1.0 : 0.0) : 1 - mse / variance);
    metrics.put("bias", mean(errors));
    return new RegressionResult(metrics);
  }

  /// @param error standard error of the correlation's inverse hyperbolic tangent
  private static void put(
      Map<String, Double> metrics, String name, double correlation, double error, int n) {
    metrics.put(name, correlation);
    double center = atanh(correlation);
    boolean known = n > 3 && Math.abs(correlation) < 1;
    metrics.put(name + "_low", known ? Math.tanh(center - Z * error) : n > 3 ? correlation : -1);
    metrics.put(name + "_high", known ? Math.tanh(center + Z * error) : n > 3 ? correlation : 1);
  }

  private static double atanh(double r) {
    return 0.5 * Math.log((1 + r) / (1 - r));
  }

  private static double mean(double[] numbers) {
    return Arrays.stream(numbers).sum() / numbers.length;
  }

  private static double variance(double[] numbers) {
    double mean = mean(numbers);
    return Arrays.stream(numbers).map(number -> (number - mean) * (number - mean)).sum()
        / numbers.length;
  }

  /// Half of the 95 % interval of a mean.
  private static double halfInterval(double[] numbers) {
    int n = numbers.length;
    return n < 2 ? 0 : Z * Math.sqrt(variance(numbers) * n / (n - 1) / n);
  }

  /// Pearson's product-moment correlation; 0 where one side does not vary.
  static double correlation(double[] some, double[] others) {
    double someMean = mean(some);
    double otherMean = mean(others);
    double product = 0;
    double someSquares = 0;
    double otherSquares = 0;
    for (int i = 0; i < some.length; i++) {
      double x = some[i] - someMean;
      double y = others[i] - otherMean;
      product += x * y;
      someSquares += x * x;
      otherSquares += y * y;
    }
    return someSquares == 0 || otherSquares == 0
        ? 0
        : Math.clamp(product / (Math.sqrt(someSquares) * Math.sqrt(otherSquares)), -1.0, 1.0);
  }

  /// From 1, equal numbers sharing the mean of theirs.
  private static double[] ranks(double[] numbers) {
    Integer[] order =
        IntStream.range(0, numbers.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> numbers[i]))
            .toArray(Integer[]::new);
    double[] ranks = new double[numbers.length];
    for (int from = 0; from < order.length; ) {
      int to = from;
      while (to < order.length && numbers[order[to]] == numbers[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + 1 + to) / 2.0;
      }
      from = to;
    }
    return ranks;
  }
}
