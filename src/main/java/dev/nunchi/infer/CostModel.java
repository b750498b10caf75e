package dev.nunchi.infer;

/// How long a model keeps a worker with a text, learnt from the texts that it has run.
///
/// A text of `n` tokens takes `fixed + perToken · n + perTokenSquared · n²`: the call, the linear
/// layers, and attention. The three are fitted by least squares without negative terms to what was
/// measured, of which the past fades, so that a processor that others share is seen as it is now.
/// Where all texts had one length the three share its time. Guarded by its owner's lock.
final class CostModel {
  /// What a text still weighs when the next has run.
  private static final double FADING = 1 - 1.0 / 512;

  /// Tokens are counted in these, so that the terms are of one size.
  private static final double TOKENS = 64;

  private static final int TERMS = 3;

  /// Fitting takes about a microsecond, and so is done every so many runs only.
  private static final int RUNS_PER_FIT = 8;

  /// Prefers small terms where the measurements leave open which they are.
  private static final double RIDGE = 1e-4;

  private final double[][] products = new double[TERMS][TERMS];
  private final double[] targets = new double[TERMS];
  private double[] terms = new double[TERMS];
  private long runs;

  /// What a text of that many tokens takes; 0 as long as none has run.
  long nanos(int tokens) {
    double[] features = features(tokens);
    double nanos = 0;
    for (int i = 0; i < TERMS; i++) {
      nanos += terms[i] * features[i];
    }
    return (long) nanos;
  }

  /// Learns from a run of one or more texts, which share its time.
  ///
  /// @param tokens of each text
  /// @param nanos that the worker was kept
  void observe(int[] tokens, long nanos) {
    int texts = tokens.length;
    double[] features = new double[TERMS];
    for (int each : tokens) {
      double[] own = features(each);
      for (int i = 0; i < TERMS; i++) {
        features[i] += own[i] / texts;
      }
    }
    double each = (double) nanos / texts;
    double fading = Math.pow(FADING, texts);
    for (int i = 0; i < TERMS; i++) {
      targets[i] = fading * targets[i] + texts * features[i] * each;
      for (int j = 0; j < TERMS; j++) {
        products[i][j] = fading * products[i][j] + texts * features[i] * features[j];
      }
    }
    if (runs++ < RUNS_PER_FIT || runs % RUNS_PER_FIT == 0) {
      terms = fitted();
    }
  }

  private static double[] features(int tokens) {
    double n = tokens / TOKENS;
    return new double[] {1, n, n * n};
  }

  /// The best of all choices of terms whose solution has no negative one, which is the solution
  /// under that condition.
  private double[] fitted() {
    double[] best = new double[TERMS];
    double bestGain = 0;
    for (int chosen = 1; chosen < 1 << TERMS; chosen++) {
      double[] solution = solution(chosen);
      double gain = 0;
      boolean positive = true;
      for (int i = 0; i < TERMS; i++) {
        gain += targets[i] * solution[i];
        positive &= solution[i] >= 0;
      }
      if (positive && gain > bestGain) {
        best = solution;
        bestGain = gain;
      }
    }
    return best;
  }

  /// Solves the normal equations for the chosen terms, the others being 0; Gauss without pivots, as
  /// the matrix is positive definite.
  ///
  /// @param chosen a bit for each
  private double[] solution(int chosen) {
    double[][] matrix = new double[TERMS][TERMS + 1];
    for (int i = 0; i < TERMS; i++) {
      boolean in = (chosen >> i & 1) == 1;
      for (int j = 0; j < TERMS; j++) {
        matrix[i][j] = in && (chosen >> j & 1) == 1 ? products[i][j] : 0;
      }
      matrix[i][i] += in ? RIDGE * products[i][i] : 1;
      matrix[i][TERMS] = in ? targets[i] : 0;
    }
    for (int pivot = 0; pivot < TERMS; pivot++) {
      for (int i = pivot + 1; i < TERMS; i++) {
        double factor = matrix[i][pivot] / matrix[pivot][pivot];
        for (int j = pivot; j <= TERMS; j++) {
          matrix[i][j] -= factor * matrix[pivot][j];
        }
      }
    }
    double[] solution = new double[TERMS];
    for (int i = TERMS - 1; i >= 0; i--) {
      double rest = matrix[i][TERMS];
      for (int j = i + 1; j < TERMS; j++) {
        rest -= matrix[i][j] * solution[j];
      }
      solution[i] = rest / matrix[i][i];
    }
    return solution;
  }
}
