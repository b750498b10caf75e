package dev.nunchi.eval;

/// Precision, recall and F1 of one class, or an average over classes; each in [0, 1].
///
/// A quotient with nothing below the line is 0, as scikit-learn's `zero_division` has it by
/// default.
///
/// @param support rows that are of the class
public record ClassScores(double precision, double recall, double f1, long support) {
  /// @param truePositives rows of the class that were predicted as it
  static ClassScores of(long truePositives, long predicted, long support) {
    return new ClassScores(
        quotient((double) truePositives, (double) predicted),
        quotient((double) truePositives, (double) support),
        quotient(2.0 * truePositives, (double) (support + predicted)),
        support);
  }

  static double quotient(double numerator, double denominator) {
    return denominator == 0 ? 0 : numerator / denominator;
  }
}
