package dev.nunchi.model;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What a low-rank adapter makes of the weight `W` that it was trained on: `W + s·B·A` or, with
/// magnitudes, each row of that at its magnitude's length. Sums are taken in double precision.
///
/// @param down `A` `[rank, in]`
/// @param up `B` `[out, rank]`
/// @param magnitude `[out]`, null where rows have no length of their own
/// @param scale `s`
public record LowRankUpdate(Weight down, Weight up, @Nullable Weight magnitude, double scale) {

  /// The weight that does what `base` and the adapter do together, as `F32`.
  ///
  /// @param arena of its memory, open for all threads
  public Weight merged(Weight base, Arena arena) {
    int out = base.shape().get(0);
    int in = base.shape().get(1);
    MemorySegment data = arena.allocate((long) out * in * Float.BYTES, 64);
    double[][] rows = rows();
    IntStream.range(0, out)
        .parallel()
        .forEach(i -> {
          double[] row = row(base, rows, i);
          double factor = magnitude == null ? 1 : FloatWeights.get(magnitude, i) / length(row);
          for (int j = 0; j < in; j++) {
            data.set(
                LittleEndian.FLOAT, ((long) i * in + j) * Float.BYTES, (float) (factor * row[j]));
          }
        });
    return new Weight(ElementType.F32, base.shape(), data);
  }

  /// For each row of `W + s·B·A` what brings it to its magnitude.
  public float[] factors(Weight base) {
    float[] factors = new float[base.shape().get(0)];
    double[][] rows = rows();
    for (int i = 0; i < factors.length; i++) {
      double length = length(row(base, rows, i));
      factors[i] = (float) (magnitude == null ? 1 : FloatWeights.get(magnitude, i) / length);
    }
    return factors;
  }

  /// The lengths of a weight's rows, with which a magnitude starts, as `F32` in memory that is
  /// freed with it.
  public static Weight lengths(Weight base) {
    int out = base.shape().get(0);
    MemorySegment data = Arena.ofAuto().allocate((long) out * Float.BYTES, 64);
    for (int i = 0; i < out; i++) {
      data.set(LittleEndian.FLOAT, (long) i * Float.BYTES, (float) length(row(base, i)));
    }
    return new Weight(ElementType.F32, List.of(out), data);
  }

  private double[][] rows() {
    double[][] rows = new double[down.shape().get(0)][];
    for (int k = 0; k < rows.length; k++) {
      rows[k] = row(down, k);
    }
    return rows;
  }

  private double[] row(Weight base, double[][] rows, int i) {
    double[] sum = row(base, i);
    for (int k = 0; k < rows.length; k++) {
      double factor = scale * FloatWeights.get(up, (long) i * rows.length + k);
      double[] row = rows[k];
      for (int j = 0; j < sum.length; j++) {
        sum[j] += factor * row[j];
      }
    }
    return sum;
  }

  private static double[] row(Weight weight, int i) {
    int width = weight.shape().get(1);
    double[] row = new double[width];
    for (int j = 0; j < width; j++) {
      row[j] = FloatWeights.get(weight, (long) i * width + j);
    }
    return row;
  }

  private static double length(double[] row) {
    double square = 0;
    for (double element : row) {
      square += element * element;
    }
    return Math.sqrt(square);
  }
}
