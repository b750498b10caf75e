package dev.nunchi.export;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Multinomial logistic regression: the linear layer over vectors of texts under which their labels
/// are likeliest, with a penalty on the squares of its weights. What is known of a linear probe on
/// a frozen encoder (Alain and Bengio, 2016, <https://arxiv.org/abs/1610.01644>).
///
/// Each number of a vector is taken in units of its standard deviation from its mean while the
/// layer is fitted, so that the penalty means the same for all. The same vectors give the same
/// layer, on any number of threads.
///
/// @param weight `[labels, width]`
/// @param bias `[labels]`
record SoftmaxRegression(double[][] weight, double[] bias) {
  /// Rows whose sums one thread makes, in one order.
  private static final int ROWS = 1024;

  /// Vectors and the label of each.
  ///
  /// @param vectors `[texts, width]`, finite
  record Examples(float[][] vectors, int[] labels) {}

  /// What the rows say of the layer: the sum of their losses, and its gradient.
  private record Sums(double loss, double[] gradient) {}

  /// Fits the layer.
  ///
  /// @param labels how many there are
  /// @param penalty of half the sum of the squares of the weights, beside the mean loss
  static SoftmaxRegression fit(Examples examples, int labels, double penalty) {
    Standard standard = Standard.of(examples.vectors());
    int width = examples.vectors()[0].length;
    int row = width + 1;
    List<int[]> parts =
        IntStream.iterate(0, from -> from < examples.labels().length, from -> from + ROWS)
            .mapToObj(from -> new int[] {from, Math.min(from + ROWS, examples.labels().length)})
            .toList();
    double[] fitted =
        Lbfgs.minimum(
            (x, gradient) -> {
              Arrays.fill(gradient, 0);
              double loss = 0;
              List<Sums> sums =
                  parts.parallelStream()
                      .map(part -> sums(examples, standard, labels, x, part[0], part[1]))
                      .toList();
              for (Sums part : sums) {
                loss += part.loss();
                for (int i = 0; i < gradient.length; i++) {
                  gradient[i] += part.gradient()[i];
                }
              }
              double squares = 0;
              for (int i = 0; i < gradient.length; i++) {
                gradient[i] /= examples.labels().length;
                if (i % row < width) {
                  squares += x[i] * x[i];
                  gradient[i] += penalty * x[i];
                }
              }
              return loss / examples.labels().length + penalty / 2 * squares;
            },
            new double[labels * row]);
    return standard.undone(fitted, labels);
  }

  private static Sums sums(
      Examples examples, Standard standard, int labels, double[] x, int from, int to) {
    int width = standard.mean().length;
    double[] gradient = new double[x.length];
    double[] vector = new double[width];
    double[] logits = new double[labels];
    double loss = 0;
    for (int text = from; text < to; text++) {
      standard.put(examples.vectors()[text], vector);
      for (int label = 0; label < labels; label++) {
        int at = label * (width + 1);
        double logit = x[at + width];
        for (int i = 0; i < width; i++) {
          logit += x[at + i] * vector[i];
        }
        logits[label] = logit;
      }
      double logOfSum = logOfSum(logits);
      loss += logOfSum - logits[examples.labels()[text]];
      for (int label = 0; label < labels; label++) {
        int at = label * (width + 1);
        double excess =
            Math.exp(logits[label] - logOfSum) - (label == examples.labels()[text] ? 1 : 0);
        for (int i = 0; i < width; i++) {
          gradient[at + i] += excess * vector[i];
        }
        gradient[at + width] += excess;
      }
    }
    return new Sums(loss, gradient);
  }

  private static double logOfSum(double[] logits) {
    double largest = Arrays.stream(logits).max().orElse(0);
    return largest + Math.log(Arrays.stream(logits).map(z -> Math.exp(z - largest)).sum());
  }

  /// The logits of a vector.
  double[] logits(float[] vector) {
    double[] logits = bias.clone();
    for (int label = 0; label < logits.length; label++) {
      for (int i = 0; i < vector.length; i++) {
        logits[label] += weight[label][i] * vector[i];
      }
    }
    return logits;
  }

  /// The mean of the negative logarithms of the labels' probabilities.
  double loss(Examples examples) {
    return IntStream.range(0, examples.labels().length)
        .mapToDouble(text -> {
          double[] logits = logits(examples.vectors()[text]);
          return logOfSum(logits) - logits[examples.labels()[text]];
        })
        .average()
        .orElse(0);
  }

  /// Where the numbers of vectors lie.
  ///
  /// @param scale one over the standard deviation; 1 where all are equal
  private record Standard(double[] mean, double[] scale) {
    static Standard of(float[][] vectors) {
      int width = vectors[0].length;
      double[] mean = new double[width];
      for (float[] vector : vectors) {
        for (int i = 0; i < width; i++) {
          mean[i] += vector[i] / (double) vectors.length;
        }
      }
      double[] variance = new double[width];
      for (float[] vector : vectors) {
        for (int i = 0; i < width; i++) {
          double from = vector[i] - mean[i];
          variance[i] += from * from / vectors.length;
        }
      }
      return new Standard(
          mean, Arrays.stream(variance).map(v -> v > 0 ? 1 / Math.sqrt(v) : 1).toArray());
    }

    void put(float[] vector, double[] into) {
      for (int i = 0; i < into.length; i++) {
        into[i] = (vector[i] - mean[i]) * scale[i];
      }
    }

    /// The layer over vectors as they are.
    ///
    /// @param fitted of each label the weights and then the bias
    SoftmaxRegression undone(double[] fitted, int labels) {
      int width = mean.length;
      double[][] weight = new double[labels][width];
      double[] bias = new double[labels];
      for (int label = 0; label < labels; label++) {
        bias[label] = fitted[label * (width + 1) + width];
        for (int i = 0; i < width; i++) {
          weight[label][i] = fitted[label * (width + 1) + i] * scale[i];
          bias[label] -= weight[label][i] * mean[i];
        }
      }
      return new SoftmaxRegression(weight, bias);
    }
  }
}
