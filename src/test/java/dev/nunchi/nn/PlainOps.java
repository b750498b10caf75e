package dev.nunchi.nn;

import dev.nunchi.model.FloatWeights;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Syllable;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/// The oracle: each operation by its definition, in double arithmetic, one loop after another.
public final class PlainOps implements Ops<PlainTensor> {
  private final Weights weights;

  public PlainOps(Weights weights) {
    this.weights = weights;
  }

  /// Logits `[batch][labels]` of a batch.
  public static double[][] logits(Network network, Weights weights, PaddedBatch batch) {
    List<Integer> shape = List.of(batch.batch(), batch.seq());
    PlainTensor logits =
        network.logits(
            new PlainOps(weights),
            new Inputs<>(
                PlainTensor.ofWhole(shape, batch.inputIds()),
                PlainTensor.ofWhole(shape, batch.attentionMask()),
                PlainTensor.ofWhole(shape, batch.tokenTypeIds())));
    double[][] rows = new double[batch.batch()][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] =
          Arrays.copyOfRange(logits.values(), row * logits.width(), (row + 1) * logits.width());
    }
    return rows;
  }

  @Override
  public PlainTensor embedding(PlainTensor ids, Embedding table) {
    float[] rows = FloatWeights.floats(weights.get(table.weight()));
    PlainTensor result = PlainTensor.of(List.of(ids.axis(0), ids.axis(1), table.width()));
    for (int i = 0; i < ids.values().length; i++) {
      int row = (int) ids.values()[i];
      for (int j = 0; j < table.width(); j++) {
        result.values()[i * table.width() + j] = rows[row * table.width() + j];
      }
    }
    return result;
  }

  @Override
  public PlainTensor positions(PlainTensor ids, Embedding table) {
    PlainTensor positions = PlainTensor.of(List.of(1, ids.axis(1)));
    Arrays.setAll(positions.values(), i -> i);
    return embedding(positions, table);
  }

  @Override
  public PlainTensor linear(PlainTensor x, Linear layer) {
    float[] weight = FloatWeights.floats(weights.get(layer.weight()));
    float[] bias =
        layer.bias() ? FloatWeights.floats(weights.get(layer.biasName())) : new float[layer.out()];
    PlainTensor result = PlainTensor.of(x.shapeWithWidth(layer.out()));
    for (int row = 0; row < x.rows(); row++) {
      for (int out = 0; out < layer.out(); out++) {
        double sum = bias[out];
        for (int in = 0; in < layer.in(); in++) {
          sum += x.values()[row * layer.in() + in] * weight[out * layer.in() + in];
        }
        result.values()[row * layer.out() + out] = sum;
      }
    }
    return result;
  }

  @Override
  public PlainTensor bias(PlainTensor x, Bias bias) {
    float[] added = FloatWeights.floats(weights.get(bias.name()));
    PlainTensor result = PlainTensor.of(x.shape());
    Arrays.setAll(result.values(), i -> x.values()[i] + added[i % x.width()]);
    return result;
  }

  @Override
  public PlainTensor layerNorm(PlainTensor x, LayerNorm norm) {
    float[] gamma = FloatWeights.floats(weights.get(norm.weight()));
    float[] beta = FloatWeights.floats(weights.get(norm.biasName()));
    PlainTensor result = PlainTensor.of(x.shape());
    for (int row = 0; row < x.rows(); row++) {
      double[] vector = Arrays.copyOfRange(x.values(), row * x.width(), (row + 1) * x.width());
      double mean = Arrays.stream(vector).average().orElseThrow();
      double variance =
          Arrays.stream(vector).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      for (int i = 0; i < vector.length; i++) {
        result.values()[row * x.width() + i] =
            (vector[i] - mean) / Math.sqrt(variance + norm.epsilon()) * gamma[i] + beta[i];
      }
    }
    return result;
  }

  @Override
  public PlainTensor add(PlainTensor a, PlainTensor b) {
    PlainTensor result = PlainTensor.of(a.shape());
    for (int i = 0; i < result.values().length; i++) {
      int index = 0;
      int rest = i;
      int stride = 1;
      for (int axis = a.shape().size() - 1; axis >= 0; axis--) {
        int place = rest % a.axis(axis);
        rest /= a.axis(axis);
        index += b.axis(axis) == 1 ? 0 : place * stride;
        stride *= b.axis(axis);
      }
      result.values()[i] = a.values()[i] + b.values()[index];
    }
    return result;
  }

  @Override
  public PlainTensor activation(PlainTensor x, Activation function) {
    return switch (function) {
      case GELU -> map(x, v -> 0.5 * v * (1 + erf(v / Math.sqrt(2))));
      case GELU_TANH ->
          map(
              x,
              v -> 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))));
      case RELU -> map(x, v -> Math.max(v, 0));
      case TANH -> map(x, Math::tanh);
    };
  }

  @Override
  public PlainTensor dropout(PlainTensor x, double probability) {
    return x;
  }

  @Override
  public PlainTensor attention(
      PlainTensor query,
      PlainTensor key,
      PlainTensor value,
      PlainTensor attentionMask,
      Attention attention) {
    PlainTensor result = PlainTensor.of(query.shape());
    for (int text = 0; text < query.axis(0); text++) {
      for (int head = 0; head < attention.heads(); head++) {
        for (int i = 0; i < query.axis(1); i++) {
          attend(query, key, value, attentionMask, attention, text, head, i, result);
        }
      }
    }
    return result;
  }

  /// Fills one head of one token of the result.
  private static void attend(
      PlainTensor query,
      PlainTensor key,
      PlainTensor value,
      PlainTensor attentionMask,
      Attention attention,
      int text,
      int head,
      int token,
      PlainTensor result) {
    int seq = query.axis(1);
    int width = attention.headDim();
    int from = (text * seq + token) * query.width() + head * width;
    double[] shares = new double[seq];
    for (int j = 0; j < seq; j++) {
      int other = (text * seq + j) * query.width() + head * width;
      double product = 0;
      for (int d = 0; d < width; d++) {
        product += query.values()[from + d] * key.values()[other + d];
      }
      boolean padding = attentionMask.values()[text * seq + j] == 0;
      // Far below every score, and finite: a row of padding alone gets equal shares.
      shares[j] = padding ? -1e30 : product / Math.sqrt(width);
    }
    double largest = Arrays.stream(shares).max().orElseThrow();
    double sum = 0;
    for (int j = 0; j < seq; j++) {
      shares[j] = Math.exp(shares[j] - largest);
      sum += shares[j];
    }
    for (int j = 0; j < seq; j++) {
      int other = (text * seq + j) * query.width() + head * width;
      for (int d = 0; d < width; d++) {
        result.values()[from + d] += shares[j] / sum * value.values()[other + d];
      }
    }
  }

  @Override
  public PlainTensor select(PlainTensor x, int position) {
    PlainTensor result = PlainTensor.of(List.of(x.axis(0), x.axis(2)));
    for (int text = 0; text < x.axis(0); text++) {
      int from = (text * x.axis(1) + position) * x.axis(2);
      System.arraycopy(x.values(), from, result.values(), text * x.axis(2), x.axis(2));
    }
    return result;
  }

  private static PlainTensor map(PlainTensor x, DoubleUnaryOperator function) {
    return new PlainTensor(x.shape(), Arrays.stream(x.values()).map(function).toArray());
  }

  /// `2/√π · e^(-x²) · Σ 2ⁿ·x^(2n+1) / (2n+1)!!`: every term has the sign of x, so nothing cancels.
  static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    double term = x;
    double sum = 0;
    for (int n = 0; sum + term != sum; n++) {
      sum += term;
      term *= 2 * x * x / (2 * n + 3);
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  @Override
  public PlainTensor ngrams(PlainTensor ids, PlainTensor attentionMask, Ngrams ngrams) {
    int seq = ids.axis(1);
    PlainTensor result = PlainTensor.of(List.of(ids.axis(0), ngrams.sizes() * seq));
    for (int row = 0; row < ids.axis(0); row++) {
      for (int n = ngrams.least(); n <= ngrams.most(); n++) {
        for (int start = 0; start < seq; start++) {
          int last = start + n - 1;
          boolean whole = last < seq && attentionMask.values()[row * seq + last] == 1;
          result.values()[(row * ngrams.sizes() + n - ngrams.least()) * seq + start] =
              whole ? number(ids.values(), row * seq + start, n, ngrams) : 0;
        }
      }
    }
    return result;
  }

  private static long number(double[] ids, int start, int n, Ngrams ngrams) {
    BigInteger hash = BigInteger.valueOf(ngrams.salt());
    for (int i = start; i < start + n; i++) {
      hash =
          hash.multiply(BigInteger.valueOf(Ngrams.MULTIPLIER))
              .add(BigInteger.valueOf((long) ids[i] + 1))
              .mod(BigInteger.valueOf(Ngrams.MODULUS));
    }
    return 1 + hash.longValueExact() % (ngrams.buckets() - 1);
  }

  @Override
  public PlainTensor openSyllables(PlainTensor ids, int firstSyllable) {
    PlainTensor result = PlainTensor.of(ids.shape());
    Arrays.setAll(
        result.values(),
        i -> {
          int syllable = (int) ids.values()[i] - firstSyllable + Syllable.FIRST;
          return Syllable.isSyllable(syllable)
              ? Syllable.of(syllable).withTrailing(Syllable.OPEN).composed()
                  - Syllable.FIRST
                  + firstSyllable
              : ids.values()[i];
        });
    return result;
  }

  @Override
  public PlainTensor bag(List<PlainTensor> parts, Embedding table) {
    float[] rows = FloatWeights.floats(weights.get(table.weight()));
    PlainTensor result = PlainTensor.of(List.of(parts.getFirst().axis(0), table.width()));
    for (int text = 0; text < result.axis(0); text++) {
      int[] numbers = numbersOf(parts, text);
      double root = Math.sqrt(Math.max(1, numbers.length));
      for (int number : numbers) {
        for (int j = 0; j < table.width(); j++) {
          result.values()[text * table.width() + j] += rows[number * table.width() + j] / root;
        }
      }
    }
    return result;
  }

  private static int[] numbersOf(List<PlainTensor> parts, int text) {
    return parts.stream()
        .flatMapToDouble(
            part -> Arrays.stream(part.values(), text * part.axis(1), (text + 1) * part.axis(1)))
        .mapToInt(number -> (int) number)
        .filter(number -> number != 0)
        .toArray();
  }
}
