package dev.nunchi.eval;

import dev.nunchi.LabelSet;
import java.math.BigDecimal;
import java.math.RoundingMode;

/// The table of scikit-learn's `classification_report`, byte for byte.
///
/// Columns are as wide as scikit-learn makes them: it counts code points, so names in Hangul, which
/// terminals show two columns wide, push their row to the right.
public final class ClassificationReport {
  private static final int DEFAULT_DIGITS = 4;
  private static final int COLUMN_WIDTH = 9;
  private static final String LONGEST_HEADING = "weighted avg";

  private final ConfusionMatrix matrix;
  private final int digits;
  private final int width;

  private ClassificationReport(ConfusionMatrix matrix, int digits) {
    this.matrix = matrix;
    this.digits = digits;
    int longestName =
        matrix.labels().names().stream().mapToInt(ClassificationReport::length).max().orElse(0);
    this.width = Math.max(Math.max(longestName, LONGEST_HEADING.length()), digits);
  }

  /// With 4 digits.
  public static String of(ConfusionMatrix matrix) {
    return of(matrix, DEFAULT_DIGITS);
  }

  /// The table as text.
  ///
  /// @param digits behind the point, at least 0
  /// @return lines that end in a line feed each
  public static String of(ConfusionMatrix matrix, int digits) {
    if (digits < 0) {
      throw new IllegalArgumentException("Digits are 0 or more, found " + digits);
    }
    return new ClassificationReport(matrix, digits).text();
  }

  private String text() {
    LabelSet labels = matrix.labels();
    StringBuilder text = new StringBuilder();
    row(text, "", "precision", "recall", "f1-score", "support");
    text.append('\n');
    for (int label = 0; label < labels.size(); label++) {
      row(text, labels.get(label).name(), matrix.scores(label));
    }
    text.append('\n');
    row(text, "accuracy", "", "", rounded(matrix.accuracy()), support(matrix.total()));
    row(text, "macro avg", matrix.macro());
    row(text, LONGEST_HEADING, matrix.weighted());
    return text.toString();
  }

  private void row(StringBuilder text, String heading, ClassScores scores) {
    row(
        text,
        heading,
        rounded(scores.precision()),
        rounded(scores.recall()),
        rounded(scores.f1()),
        support(scores.support()));
  }

  private void row(StringBuilder text, String heading, String... cells) {
    text.append(" ".repeat(Math.max(width - length(heading), 0))).append(heading).append(' ');
    for (String cell : cells) {
      text.append(' ').append(" ".repeat(Math.max(COLUMN_WIDTH - cell.length(), 0))).append(cell);
    }
    text.append('\n');
  }

  /// Python rounds the binary number itself, half to even; `String.format` rounds its shortest
  /// decimal form.
  private String rounded(double value) {
    return new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }

  /// Where no answer is right, scikit-learn's counts of rows turn into floating-point numbers.
  private String support(long rows) {
    return matrix.correct() == 0 ? rows + ".0" : Long.toString(rows);
  }

  private static int length(String name) {
    return name.codePointCount(0, name.length());
  }
}
