package dev.nunchi.eval;

import java.util.stream.IntStream;

/// The linear map `scale · z + offset` that brings a regression's answers closest to the values, by
/// least squares: what temperature is to a classifier.
///
/// Fine-tuning draws answers towards the mean, or over the ends of the scale; both show on
/// validation texts as a slope other than 1. The order of the texts does not change.
///
/// @param scale over 0
public record LinearFit(double scale, double offset) {
  /// Answers as they are.
  public static final LinearFit NONE = new LinearFit(1, 0);

  /// A slope further from 1 than this comes of a network that has learnt next to nothing.
  private static final double MOST_SCALE = 20;

  /// The best map, where it is one that also helps texts that it was not fitted on: those of one
  /// half of the rows have to bring the other half closer, both ways together. Else [#NONE].
  ///
  /// @param actual `[rows]`, finite
  /// @param answers `[rows]`, finite
  public static LinearFit of(double[] actual, double[] answers) {
    LinearFit all = leastSquares(actual, answers, -1);
    double before = 0;
    double after = 0;
    for (int held = 0; held < 2; held++) {
      LinearFit other = leastSquares(actual, answers, held);
      for (int i = held; i < actual.length; i += 2) {
        before += square(answers[i] - actual[i]);
        after += square(other.apply(answers[i]) - actual[i]);
      }
    }
    return after < before ? all : NONE;
  }

  private static double square(double x) {
    return x * x;
  }

  /// @param left rows of this parity are left out, -1 for none
  private static LinearFit leastSquares(double[] actual, double[] answers, int left) {
    int[] rows = IntStream.range(0, actual.length).filter(i -> i % 2 != left).toArray();
    if (rows.length < 2) {
      return NONE;
    }
    double y = IntStream.of(rows).mapToDouble(i -> actual[i]).average().orElseThrow();
    double z = IntStream.of(rows).mapToDouble(i -> answers[i]).average().orElseThrow();
    double product = 0;
    double squares = 0;
    for (int i : rows) {
      product += (answers[i] - z) * (actual[i] - y);
      squares += square(answers[i] - z);
    }
    double scale = product / squares;
    // Also where all answers are equal and the quotient is no number.
    return scale > 1 / MOST_SCALE && scale < MOST_SCALE
        ? new LinearFit(scale, y - scale * z)
        : NONE;
  }

  public double apply(double answer) {
    return scale * answer + offset;
  }
}
