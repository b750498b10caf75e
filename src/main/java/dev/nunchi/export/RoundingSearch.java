package dev.nunchi.export;

import dev.nunchi.model.FloatWeights;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Finds how linear layers that share an input are rounded, by the error that it leaves in what
/// they give.
///
/// Channels with numbers far larger than the others' would take the steps from all of them. They
/// are divided, and their weights multiplied (SmoothQuant, Xiao et al., 2023,
/// <https://arxiv.org/abs/2211.10438>): by `max|x|^a / max|w|^b`, of which the exponents that leave
/// the least error are taken. The paper has `b = 1 - a`; where large inputs meet small weights, as
/// after an activation, `b = 0` is often better by half. Dividing costs an operation on the input,
/// so it has to be worth it.
///
/// The error is that of a row against the row's own size: norms, which follow, undo the size.
///
/// The matrices are rounded with [ErrorFeedback] where that leaves less error for rows that it has
/// not seen.
final class RoundingSearch {
  /// The exponents `a` and `b`.
  private static final List<Exponents> EXPONENTS =
      List.of(
          new Exponents(0.5, 0),
          new Exponents(0.65, 0),
          new Exponents(0.8, 0),
          new Exponents(0.7, 0.3),
          new Exponents(0.8, 0.2));

  /// Rows whose products are summed at a time, so that they stay in the nearest cache.
  private static final int BLOCK = 16;

  /// What dividing has to leave of the error.
  private static final double WORTH = 0.8;

  private final InputSample sample;
  private final List<Matrix> matrices;

  private record Exponents(double input, double weight) {}

  /// Of so many rows one is kept from the feedback, to see what it is worth.
  private static final int HELD_OUT = 8;

  /// A way to round, and the error that it leaves.
  ///
  /// @param steps of each matrix
  private record Trial(Rounding input, List<float[]> steps, double error) {}

  /// A layer's matrix and what it gives for the sample.
  ///
  /// @param weight `[out, in]`
  /// @param products `[rows, out]`
  /// @param importance of each row: 1 over its energy
  private record Matrix(Linear layer, float[] weight, float[] products, float[] importance) {}

  private RoundingSearch(InputSample sample, List<Matrix> matrices) {
    this.sample = sample;
    this.matrices = matrices;
  }

  /// Finds it for layers that share an input.
  ///
  /// @param layers those that share the input that the sample was taken from
  /// @return how each is rounded, by its name
  static Map<String, RoundedLayer> best(InputSample sample, List<Linear> layers, Weights weights) {
    float[] rows = sample.few();
    List<Matrix> matrices = layers.stream().map(layer -> matrix(rows, layer, weights)).toList();
    return new RoundingSearch(sample, matrices).best();
  }

  private static Matrix matrix(float[] rows, Linear layer, Weights weights) {
    float[] weight = FloatWeights.floats(weights.get(layer.weight()));
    float[] products = products(rows, weight, layer.in());
    return new Matrix(layer, weight, products, importance(products, layer.out()));
  }

  private static float[] importance(float[] products, int out) {
    float[] importance = new float[products.length / out];
    for (int row = 0; row < importance.length; row++) {
      double energy = 0;
      for (int i = row * out; i < (row + 1) * out; i++) {
        energy += products[i] * products[i];
      }
      importance[row] = energy == 0 ? 0 : (float) (1 / energy);
    }
    return importance;
  }

  private Map<String, RoundedLayer> best() {
    float[] none = new float[sample.width()];
    Arrays.fill(none, 1);
    Trial best = trial(none, false);
    double bar = best.error() * WORTH;
    for (Exponents exponents : EXPONENTS) {
      Trial trial = trial(divisors(exponents), true);
      if (trial.error() < bar) {
        best = trial;
        bar = trial.error();
      }
    }
    return layers(best);
  }

  private Map<String, RoundedLayer> layers(Trial trial) {
    int width = sample.width();
    float[] factors = trial.input().factors(width);
    float[] seen = rows(false);
    float[] exact = rows(true);
    float[] rounded = exact.clone();
    round(seen, trial.input().range(), factors);
    round(rounded, trial.input().range(), factors);
    ErrorFeedback feedback = new ErrorFeedback(seen, width);
    Map<String, RoundedLayer> layers = new HashMap<>();
    for (int i = 0; i < matrices.size(); i++) {
      Matrix matrix = matrices.get(i);
      float[] weight = scaled(matrix.weight(), factors);
      float[] steps = trial.steps().get(i);
      byte[] plain = RoundedRow.numbers(weight, steps);
      byte[] fed = feedback.numbers(weight, steps);
      float[] products = products(exact, matrix.weight(), width);
      Matrix unseen =
          new Matrix(matrix.layer(), matrix.weight(), products, importance(products, steps.length));
      boolean better =
          error(unseen, products(rounded, values(fed, steps), width))
              < error(unseen, products(rounded, values(plain, steps), width));
      layers.put(
          matrix.layer().name(), new RoundedLayer(trial.input(), steps, better ? fed : plain));
    }
    return layers;
  }

  /// The drawn rows that are held out, or the others.
  private float[] rows(boolean heldOut) {
    int width = sample.width();
    float[] drawn = sample.drawn();
    int kept = 0;
    for (int row = 0; row < drawn.length / width; row++) {
      if ((row % HELD_OUT == HELD_OUT - 1) == heldOut) {
        System.arraycopy(drawn, row * width, drawn, kept * width, width);
        kept++;
      }
    }
    return Arrays.copyOf(drawn, kept * width);
  }

  private static void round(float[] rows, Range range, float[] divisors) {
    for (int i = 0; i < rows.length; i++) {
      rows[i] = range.rounded(rows[i] / divisors[i % divisors.length]);
    }
  }

  private static float[] values(byte[] numbers, float[] steps) {
    int width = numbers.length / steps.length;
    float[] values = new float[numbers.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers[i] * steps[i / width];
    }
    return values;
  }

  private float[] divisors(Exponents exponents) {
    float[] divisors = new float[sample.width()];
    double logarithms = 0;
    for (int channel = 0; channel < divisors.length; channel++) {
      double input = Math.max(sample.greatest()[channel], -sample.least()[channel]);
      double weight = 0;
      for (Matrix matrix : matrices) {
        for (int i = channel; i < matrix.weight().length; i += divisors.length) {
          weight = Math.max(weight, Math.abs(matrix.weight()[i]));
        }
      }
      // A channel that is always 0, or that no one reads, is left alone.
      divisors[channel] =
          input == 0 || weight == 0
              ? 1
              : (float) (Math.pow(input, exponents.input()) / Math.pow(weight, exponents.weight()));
      logarithms += Math.log(divisors[channel]);
    }
    float mean = (float) Math.exp(logarithms / divisors.length);
    for (int channel = 0; channel < divisors.length; channel++) {
      divisors[channel] /= mean;
    }
    return divisors;
  }

  private Trial trial(float[] divisors, boolean divides) {
    int width = divisors.length;
    float[] rows = sample.few();
    for (int i = 0; i < rows.length; i++) {
      rows[i] /= divisors[i % width];
    }
    float least = 0;
    float greatest = 0;
    for (int channel = 0; channel < width; channel++) {
      least = Math.min(least, sample.least()[channel] / divisors[channel]);
      greatest = Math.max(greatest, sample.greatest()[channel] / divisors[channel]);
    }
    List<float[]> scaled =
        matrices.stream().map(matrix -> scaled(matrix.weight(), divisors)).toList();
    float[] importance = importance();
    Range range =
        new RangeSearch(rows, importance, channelWeights(scaled, width)).best(least, greatest);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = range.rounded(rows[i]);
    }
    float[] energies = energies(rows, importance, width);
    Rounding input = divides ? new Rounding(range, divisors) : Rounding.undivided(range);
    List<float[]> steps = new ArrayList<>();
    double error = 0;
    for (int i = 0; i < scaled.size(); i++) {
      float[] own = steps(scaled.get(i), energies);
      steps.add(own);
      byte[] numbers = RoundedRow.numbers(scaled.get(i), own);
      error += error(matrices.get(i), products(rows, values(numbers, own), width));
    }
    return new Trial(input, steps, error);
  }

  /// How much the error of each row counts: the mean over the layers.
  private float[] importance() {
    float[] sum = new float[matrices.getFirst().importance().length];
    for (Matrix matrix : matrices) {
      for (int row = 0; row < sum.length; row++) {
        sum[row] += matrix.importance()[row];
      }
    }
    return sum;
  }

  private static float[] scaled(float[] weight, float[] factors) {
    float[] scaled = new float[weight.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = weight[i] * factors[i % factors.length];
    }
    return scaled;
  }

  /// The energy of each channel's weights.
  private static float[] channelWeights(List<float[]> weights, int width) {
    float[] sums = new float[width];
    for (float[] weight : weights) {
      for (int i = 0; i < weight.length; i++) {
        sums[i % width] += weight[i] * weight[i];
      }
    }
    return sums;
  }

  /// The energy of each channel of the input, as far as its rows count.
  private static float[] energies(float[] rows, float[] importance, int width) {
    float[] sums = new float[width];
    for (int i = 0; i < rows.length; i++) {
      sums[i % width] += importance[i / width] * rows[i] * rows[i];
    }
    return sums;
  }

  /// The step of each row.
  private static float[] steps(float[] weight, float[] energies) {
    int width = energies.length;
    float[] steps = new float[weight.length / width];
    for (int row = 0; row < steps.length; row++) {
      steps[row] =
          RoundedRow.step(Arrays.copyOfRange(weight, row * width, (row + 1) * width), energies);
    }
    return steps;
  }

  private static double error(Matrix matrix, float[] products) {
    int out = matrix.layer().out();
    double sum = 0;
    for (int row = 0; row < matrix.importance().length; row++) {
      double rowSum = 0;
      for (int i = row * out; i < (row + 1) * out; i++) {
        double difference = products[i] - matrix.products()[i];
        rowSum += difference * difference;
      }
      sum += matrix.importance()[row] * rowSum;
    }
    return sum;
  }

  /// `[rows, in]` times the transpose of `[out, in]`.
  private static float[] products(float[] rows, float[] weight, int in) {
    int out = weight.length / in;
    int count = rows.length / in;
    // By columns, so that the innermost loop runs over what lies side by side.
    float[] transposed = new float[weight.length];
    for (int row = 0; row < out; row++) {
      for (int column = 0; column < in; column++) {
        transposed[column * out + row] = weight[row * in + column];
      }
    }
    float[] products = new float[count * out];
    for (int from = 0; from < count; from += BLOCK) {
      int to = Math.min(from + BLOCK, count);
      for (int column = 0; column < in; column++) {
        for (int row = from; row < to; row++) {
          add(products, row * out, rows[row * in + column], transposed, column * out, out);
        }
      }
    }
    return products;
  }

  private static void add(
      float[] sums, int at, float factor, float[] numbers, int from, int count) {
    for (int i = 0; i < count; i++) {
      sums[at + i] += factor * numbers[from + i];
    }
  }
}
