package dev.nunchi.eval;

import static dev.nunchi.eval.ClassScores.quotient;

import dev.nunchi.LabelSet;
import java.util.Objects;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// How often each label was predicted for each: what accuracy, precision, recall and F1 follow
/// from.
///
/// All figures equal scikit-learn's, called with `labels` = every label of the set, so that a label
/// that neither occurs nor is predicted counts as 0 in the macro average. Labels are given by their
/// index in the set. Not safe for several threads.
public final class ConfusionMatrix {
  private final LabelSet labels;
  private final long[][] counts;

  public ConfusionMatrix(LabelSet labels) {
    this.labels = labels;
    this.counts = new long[labels.size()][labels.size()];
  }

  public LabelSet labels() {
    return labels;
  }

  public void add(int actual, int predicted) {
    Objects.checkIndex(predicted, labels.size());
    counts[actual][predicted]++;
  }

  /// Rows of label `actual` that were predicted as `predicted`.
  public long count(int actual, int predicted) {
    return counts[actual][predicted];
  }

  public long total() {
    return indices().mapToLong(this::support).sum();
  }

  public long correct() {
    return indices().mapToLong(label -> counts[label][label]).sum();
  }

  /// The share of right answers; 0 before the first row.
  public double accuracy() {
    return quotient((double) correct(), (double) total());
  }

  /// Rows of this label.
  public long support(int label) {
    return LongStream.of(counts[label]).sum();
  }

  /// Rows that were predicted as this label.
  public long predicted(int label) {
    return indices().mapToLong(actual -> counts[actual][label]).sum();
  }

  /// One label against all others. In binary problems this is scikit-learn's `average="binary"`
  /// with `label` as `pos_label`.
  public ClassScores scores(int label) {
    return ClassScores.of(counts[label][label], predicted(label), support(label));
  }

  /// Over all rows together; with one label for each row all three are the accuracy.
  public ClassScores micro() {
    return ClassScores.of(correct(), total(), total());
  }

  /// The mean over the labels, each with the same weight.
  public ClassScores macro() {
    return average(label -> 1);
  }

  /// The mean over the labels, each weighted by its rows.
  public ClassScores weighted() {
    return average(this::support);
  }

  private ClassScores average(IntToDoubleFunction weight) {
    double weights = 0;
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    for (int label = 0; label < labels.size(); label++) {
      double share = weight.applyAsDouble(label);
      ClassScores scores = scores(label);
      weights += share;
      precision += share * scores.precision();
      recall += share * scores.recall();
      f1 += share * scores.f1();
    }
    return new ClassScores(
        quotient(precision, weights), quotient(recall, weights), quotient(f1, weights), total());
  }

  /// The correlation between actual and predicted label, in [-1, 1]; 0 where either is always the
  /// same.
  ///
  /// For several classes after Gorodkin (2004), "Comparing two K-category assignments by a
  /// K-category correlation coefficient".
  public double matthewsCorrelation() {
    double rows = total();
    double both = 0;
    double predictedSquares = 0;
    double actualSquares = 0;
    for (int label = 0; label < labels.size(); label++) {
      double actual = support(label);
      double predicted = predicted(label);
      both += actual * predicted;
      predictedSquares += predicted * predicted;
      actualSquares += actual * actual;
    }
    double covariance = correct() * rows - both;
    double variances = (rows * rows - predictedSquares) * (rows * rows - actualSquares);
    return variances == 0 ? 0 : covariance / Math.sqrt(variances);
  }

  private IntStream indices() {
    return IntStream.range(0, labels.size());
  }
}
