package dev.nunchi.nn;

import dev.nunchi.model.FloatWeights;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Syllable;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

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
    double[] rows = numbers(table.weight());
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
    int padding = table.paddingIndex();
    if (padding < 0) {
      PlainTensor positions = PlainTensor.of(List.of(1, ids.axis(1)));
      Arrays.setAll(positions.values(), i -> i);
      return embedding(positions, table);
    }
    PlainTensor positions = PlainTensor.of(ids.shape());
    for (int text = 0; text < ids.axis(0); text++) {
      int next = padding + 1;
      for (int i = text * ids.axis(1); i < (text + 1) * ids.axis(1); i++) {
        positions.values()[i] = ids.values()[i] == padding ? padding : next++;
      }
    }
    return embedding(positions, table);
  }

  @Override
  public PlainTensor table(Embedding table) {
    return new PlainTensor(List.of(1, table.rows(), table.width()), numbers(table.weight()));
  }

  /// A parameter, whichever its type.
  private double[] numbers(String name) {
    Weight weight = weights.get(name);
    if (weight.type() == ElementType.F64) {
      return weight.data().toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
    }
    float[] floats = FloatWeights.floats(weight);
    double[] numbers = new double[floats.length];
    Arrays.setAll(numbers, i -> floats[i]);
    return numbers;
  }

  @Override
  public PlainTensor linear(PlainTensor x, Linear layer) {
    double[] weight = numbers(layer.weight());
    double[] bias = layer.bias() ? numbers(layer.biasName()) : new double[layer.out()];
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
  public PlainTensor magnitude(PlainTensor x, Magnitude magnitude) {
    double[] weight = numbers(magnitude.layer().weight());
    double[] up = numbers(magnitude.up().weight());
    double[] down = numbers(magnitude.down().weight());
    double[] lengths = numbers(magnitude.name());
    int in = magnitude.layer().in();
    int rank = magnitude.down().out();
    PlainTensor result = PlainTensor.of(x.shape());
    for (int out = 0; out < x.width(); out++) {
      double square = 0;
      for (int i = 0; i < in; i++) {
        double element = weight[out * in + i];
        for (int k = 0; k < rank; k++) {
          element += magnitude.scale() * up[out * rank + k] * down[k * in + i];
        }
        square += element * element;
      }
      for (int at = out; at < x.values().length; at += x.width()) {
        result.values()[at] = x.values()[at] * lengths[out] / Math.sqrt(square);
      }
    }
    return result;
  }

  @Override
  public PlainTensor bias(PlainTensor x, Bias bias) {
    double[] added = numbers(bias.name());
    PlainTensor result = PlainTensor.of(x.shape());
    Arrays.setAll(result.values(), i -> x.values()[i] + added[i % x.width()]);
    return result;
  }

  @Override
  public PlainTensor layerNorm(PlainTensor x, LayerNorm norm) {
    double[] gamma = numbers(norm.weight());
    double[] beta = norm.bias() ? numbers(norm.biasName()) : new double[norm.width()];
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
  public PlainTensor rmsNorm(PlainTensor x, RmsNorm norm) {
    double[] gamma = numbers(norm.weight());
    PlainTensor result = PlainTensor.of(x.shape());
    for (int from = 0; from < x.values().length; from += norm.width()) {
      double square = 0;
      for (int i = 0; i < norm.width(); i++) {
        square += x.values()[from + i] * x.values()[from + i];
      }
      double root = Math.sqrt(square / norm.width() + norm.epsilon());
      for (int i = 0; i < norm.width(); i++) {
        result.values()[from + i] = x.values()[from + i] / root * (norm.offset() + gamma[i]);
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
  public PlainTensor multiply(PlainTensor a, PlainTensor b) {
    PlainTensor result = PlainTensor.of(a.shape());
    Arrays.setAll(result.values(), i -> a.values()[i] * b.values()[i]);
    return result;
  }

  @Override
  public PlainTensor scale(PlainTensor x, double factor) {
    return map(x, v -> factor * v);
  }

  @Override
  public PlainTensor masked(PlainTensor x, PlainTensor attentionMask) {
    PlainTensor result = PlainTensor.of(x.shape());
    Arrays.setAll(result.values(), i -> x.values()[i] * attentionMask.values()[i / x.width()]);
    return result;
  }

  @Override
  public PlainTensor unfold(PlainTensor x, PlainTensor attentionMask, int places) {
    int width = x.width();
    int seq = x.axis(1);
    PlainTensor result = PlainTensor.of(x.shapeWithWidth(places * width));
    for (int row = 0; row < x.rows(); row++) {
      for (int place = 0; place < places; place++) {
        int from = row % seq + place - places / 2;
        int other = row - row % seq + from;
        if (from >= 0 && from < seq && attentionMask.values()[other] == 1) {
          System.arraycopy(
              x.values(), other * width, result.values(), (row * places + place) * width, width);
        }
      }
    }
    return result;
  }

  @Override
  public PlainTensor part(PlainTensor x, int part, int parts) {
    int width = x.width() / parts;
    PlainTensor result = PlainTensor.of(x.shapeWithWidth(width));
    for (int row = 0; row < x.rows(); row++) {
      System.arraycopy(
          x.values(), row * x.width() + part * width, result.values(), row * width, width);
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
      case SILU -> map(x, value -> value / (1 + Math.exp(-value)));
      case TANH -> map(x, Math::tanh);
    };
  }

  @Override
  public PlainTensor dropout(PlainTensor x, double probability) {
    return x;
  }

  @Override
  public PlainTensor rotary(PlainTensor x, Rotary rotary) {
    float[] frequencies = rotary.frequencies();
    int half = frequencies.length;
    PlainTensor result = PlainTensor.of(x.shape());
    for (int from = 0; from < x.values().length; from += rotary.headDim()) {
      int position = from / x.width() % x.axis(1);
      for (int j = 0; j < half; j++) {
        // The product in fp32, as the definition has it.
        double angle = position * frequencies[j];
        double a = x.values()[from + j];
        double b = x.values()[from + half + j];
        result.values()[from + j] = a * Math.cos(angle) - b * Math.sin(angle);
        result.values()[from + half + j] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return result;
  }

  @Override
  public PlainTensor attention(
      PlainTensor query,
      PlainTensor key,
      PlainTensor value,
      @Nullable PlainTensor scores,
      PlainTensor attentionMask,
      Attention attention) {
    return new PlainAttention(query, key, value, scores, attentionMask, attention, null).result();
  }

  @Override
  public PlainTensor token(PlainTensor x, PlainTensor attentionMask, Pooling which) {
    PlainTensor pooled = pool(x, attentionMask, which);
    return new PlainTensor(List.of(pooled.axis(0), 1, pooled.axis(1)), pooled.values());
  }

  @Override
  public PlainTensor attentionOfToken(
      PlainTensor query,
      PlainTensor key,
      PlainTensor value,
      PlainTensor attentionMask,
      Attention attention,
      Pooling which) {
    return new PlainAttention(query, key, value, null, attentionMask, attention, which).result();
  }

  @Override
  public PlainTensor distanceScores(
      PlainTensor x,
      PlainTensor table,
      DistanceScores scores,
      BiFunction<PlainTensor, Linear, PlainTensor> projection) {
    PlainTensor projected = projection.apply(table, scores.projection());
    int seq = x.axis(1);
    int heads = scores.heads();
    int headDim = x.width() / heads;
    PlainTensor result = PlainTensor.of(List.of(x.axis(0), heads, seq, seq));
    for (int at = 0; at < result.values().length; at++) {
      int j = at % seq;
      int i = at / seq % seq;
      int head = at / seq / seq % heads;
      int text = at / seq / seq / heads;
      int vector = (text * seq + (scores.ofKeys() ? j : i)) * x.width() + head * headDim;
      int row = scores.positions().row(i - j) * x.width() + head * headDim;
      double product = 0;
      for (int d = 0; d < headDim; d++) {
        product += x.values()[vector + d] * projected.values()[row + d];
      }
      result.values()[at] = scores.scale() * product;
    }
    return result;
  }

  @Override
  public PlainTensor pool(PlainTensor x, PlainTensor attentionMask, Pooling pooling) {
    int seq = x.axis(1);
    if (seq == 1 && pooling != Pooling.MEAN) {
      return new PlainTensor(List.of(x.axis(0), x.axis(2)), x.values());
    }
    PlainTensor result = PlainTensor.of(List.of(x.axis(0), x.axis(2)));
    for (int text = 0; text < x.axis(0); text++) {
      double[] shares = new double[seq];
      int first = text * seq;
      switch (pooling) {
        case FIRST -> shares[0] = 1;
        case LAST -> {
          int last = 0;
          for (int i = 0; i < seq; i++) {
            last = attentionMask.values()[first + i] == 0 ? last : i;
          }
          shares[last] = 1;
        }
        case MEAN -> {
          double count = Arrays.stream(attentionMask.values(), first, first + seq).sum();
          Arrays.setAll(shares, i -> attentionMask.values()[first + i] / Math.max(1, count));
        }
      }
      for (int i = 0; i < seq; i++) {
        for (int j = 0; j < x.width(); j++) {
          result.values()[text * x.width() + j] +=
              shares[i] * x.values()[(first + i) * x.width() + j];
        }
      }
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
  public PlainTensor joined(List<PlainTensor> parts) {
    int texts = parts.getFirst().axis(0);
    int width = parts.stream().mapToInt(PlainTensor::width).sum();
    PlainTensor result = PlainTensor.of(List.of(texts, width));
    for (int text = 0; text < texts; text++) {
      int at = text * width;
      for (PlainTensor part : parts) {
        System.arraycopy(part.values(), text * part.width(), result.values(), at, part.width());
        at += part.width();
      }
    }
    return result;
  }

  @Override
  public PlainTensor bag(PlainTensor numbers, Embedding table) {
    double[] rows = numbers(table.weight());
    PlainTensor result = PlainTensor.of(List.of(numbers.axis(0), table.width()));
    for (int text = 0; text < result.axis(0); text++) {
      int from = text * numbers.width();
      int[] counted =
          Arrays.stream(numbers.values(), from, from + numbers.width())
              .mapToInt(number -> (int) number)
              .filter(number -> number != 0)
              .toArray();
      double root = Math.sqrt(Math.max(1, counted.length));
      for (int number : counted) {
        for (int j = 0; j < table.width(); j++) {
          result.values()[text * table.width() + j] += rows[number * table.width() + j] / root;
        }
      }
    }
    return result;
  }
}
