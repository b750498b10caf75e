package dev.nunchi.eval;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// How accurate the most confident share of the answers is: what a caller gains who leaves the
/// doubtful texts to a person.
///
/// With the `n` answers in falling order of confidence, the selective risk at coverage `k / n` is
/// the share of wrong ones among the first `k`. The area under the risk-coverage curve (AURC) is
/// the mean of the `n` risks, and its excess what an order that puts every right answer first would
/// save (Geifman et al., 2019, <https://arxiv.org/abs/1805.08206>; there with an approximation of
/// that best order, here with the order itself). Answers of equal confidence count as if their
/// errors were spread evenly among them, which is the mean over all their orders.
public final class CoverageCurve {
  private final double[] confidences;

  /// Expected errors among the first k answers, `[n + 1]`.
  private final double[] errors;

  private CoverageCurve(double[] confidences, double[] errors) {
    this.confidences = confidences;
    this.errors = errors;
  }

  /// The curve of these answers.
  ///
  /// @param confidences of each answer; at least one
  /// @param correct whether it is right
  public static CoverageCurve of(double[] confidences, boolean[] correct) {
    if (confidences.length != correct.length || confidences.length == 0) {
      throw new IllegalArgumentException(
          "%d outcomes of %d answers".formatted(correct.length, confidences.length));
    }
    int[] order =
        IntStream.range(0, confidences.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> confidences[i]).reversed())
            .mapToInt(Integer::intValue)
            .toArray();
    double[] sorted = Arrays.stream(order).mapToDouble(i -> confidences[i]).toArray();
    double[] errors = new double[sorted.length + 1];
    int from = 0;
    while (from < sorted.length) {
      int to = from;
      int wrong = 0;
      while (to < sorted.length && sorted[to] == sorted[from]) {
        wrong += correct[order[to]] ? 0 : 1;
        to++;
      }
      for (int k = from + 1; k <= to; k++) {
        errors[k] = errors[from] + (double) wrong * (k - from) / (to - from);
      }
      from = to;
    }
    return new CoverageCurve(sorted, errors);
  }

  static CoverageCurve of(Answers answers) {
    return of(answers.confidences(), answers.correct());
  }

  /// A place on the curve.
  ///
  /// @param coverage share of the texts that are answered, in (0, 1]
  /// @param accuracy of those answers
  /// @param threshold the least confidence among them
  public record Point(double coverage, double accuracy, double threshold) {}

  public int count() {
    return confidences.length;
  }

  /// The mean selective risk over all coverages, in [0, 1]; less is better.
  public double area() {
    return mean(IntStream.rangeClosed(1, count()).mapToDouble(k -> errors[k] / k).toArray());
  }

  /// [#area] over that of the best order of the same answers; 0 where confidence tells right from
  /// wrong without fail.
  public double excessArea() {
    return area() - mean(IntStream.rangeClosed(1, count()).mapToDouble(this::leastRisk).toArray());
  }

  /// The curve at a coverage, rounded up to whole answers.
  ///
  /// @param coverage in (0, 1]
  public Point at(double coverage) {
    if (!(coverage > 0 && coverage <= 1)) {
      throw new IllegalArgumentException("Coverage lies in (0, 1], found " + coverage);
    }
    return point(Math.clamp((long) Math.ceil(coverage * count() - 1e-9), 1, count()));
  }

  /// The greatest share of the texts that a threshold can answer this accurately, or empty where
  /// none can.
  ///
  /// @param accuracy in [0, 1]
  public OptionalDouble coverageAt(double accuracy) {
    for (int k = count(); k > 0; k--) {
      boolean last = k == count() || confidences[k] < confidences[k - 1];
      if (last && 1 - errors[k] / k >= accuracy) {
        return OptionalDouble.of((double) k / count());
      }
    }
    return OptionalDouble.empty();
  }

  /// The curve as at most `most` places of equal distance.
  List<Point> points(int most) {
    return places(most).mapToObj(this::point).toList();
  }

  /// The same places on the curve of the best order.
  List<Point> bestPoints(int most) {
    return places(most)
        .mapToObj(k -> new Point((double) k / count(), 1 - leastRisk(k), confidences[k - 1]))
        .toList();
  }

  private IntStream places(int most) {
    int places = Math.min(most, count());
    return IntStream.rangeClosed(1, places).map(i -> (int) ((long) i * count() / places));
  }

  private Point point(int k) {
    return new Point((double) k / count(), 1 - errors[k] / k, confidences[k - 1]);
  }

  private double leastRisk(int k) {
    double right = count() - errors[count()];
    return Math.max(0, k - right) / k;
  }

  private double mean(double[] values) {
    return Arrays.stream(values).sum() / values.length;
  }
}
