package dev.nunchi.eval;

import java.util.ArrayList;
import java.util.List;

/// Whether probabilities are what they say: among answers of 80 %, four of five should be right.
///
/// Answers fall into 15 bins of equal width by their probability, open below and closed above (Guo
/// et al., 2017, <https://arxiv.org/abs/1706.04599>).
///
/// @param bins those that hold an answer, from low to high
public record Reliability(List<Bin> bins) {
  static final int BINS = 15;

  public Reliability {
    bins = List.copyOf(bins);
  }

  /// Answers of near-equal probability.
  ///
  /// @param low bound that is not part of the bin, except 0
  /// @param high bound that is part of the bin
  /// @param count at least 1
  /// @param confidence mean probability
  /// @param accuracy share that came true
  public record Bin(double low, double high, long count, double confidence, double accuracy) {
    /// In [0, 1].
    double gap() {
      return Math.abs(confidence - accuracy);
    }
  }

  /// Bins answers.
  ///
  /// @param probabilities of each answer, in [0, 1]
  /// @param outcomes whether it came true
  public static Reliability of(double[] probabilities, boolean[] outcomes) {
    if (probabilities.length != outcomes.length) {
      throw new IllegalArgumentException(
          "%d outcomes of %d answers".formatted(outcomes.length, probabilities.length));
    }
    double[] sums = new double[BINS];
    long[] counts = new long[BINS];
    long[] hits = new long[BINS];
    for (int i = 0; i < probabilities.length; i++) {
      double probability = probabilities[i];
      if (!(probability >= 0 && probability <= 1)) {
        throw new IllegalArgumentException("A probability lies in [0, 1], found " + probability);
      }
      int bin = Math.clamp((long) Math.ceil(probability * BINS) - 1, 0, BINS - 1);
      sums[bin] += probability;
      counts[bin]++;
      hits[bin] += outcomes[i] ? 1 : 0;
    }
    List<Bin> bins = new ArrayList<>();
    for (int bin = 0; bin < BINS; bin++) {
      if (counts[bin] > 0) {
        bins.add(
            new Bin(
                (double) bin / BINS,
                (bin + 1.0) / BINS,
                counts[bin],
                sums[bin] / counts[bin],
                (double) hits[bin] / counts[bin]));
      }
    }
    return new Reliability(bins);
  }

  static Reliability of(Answers answers) {
    return of(answers.confidences(), answers.correct());
  }

  /// Answers in all bins.
  public long count() {
    return bins.stream().mapToLong(Bin::count).sum();
  }

  /// The mean gap between confidence and accuracy over the answers, in [0, 1]; 0 for none.
  public double expectedCalibrationError() {
    double gaps = bins.stream().mapToDouble(bin -> bin.count() * bin.gap()).sum();
    return ClassScores.quotient(gaps, (double) count());
  }

  /// The largest gap of a bin, in [0, 1], however few answers it holds; 0 for none.
  public double maximumCalibrationError() {
    return bins.stream().mapToDouble(Bin::gap).max().orElse(0);
  }
}
