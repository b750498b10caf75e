package dev.nunchi.export;

/// Rounds matrices so that the errors of a row make up for each other in what it gives: columns are
/// rounded one after the other, and what one lacks is added to those after it, as far as their
/// inputs go together (GPTQ, Frantar et al., 2022, <https://arxiv.org/abs/2210.17323>; in the form
/// of LDLQ, Chee et al., 2023, <https://arxiv.org/abs/2307.13304>).
///
/// With `H` the second moments of the inputs, `H = U D Uᵀ`, `U` unit upper triangular and `D`
/// diagonal, the error of a row is `Σ_j D_j (Σ_{k ≤ j} e_k U_kj)²` for `e = w - q`. So `q_j` is
/// `w_j + Σ_{k < j} e_k U_kj`, rounded.
final class ErrorFeedback {
  /// What is added to each channel's second moment, as a share of their mean: the sample is not all
  /// that will come.
  private static final double DAMPING = 0.01;

  /// Rows that are taken together, so that what they add to stays in the nearest cache.
  private static final int BLOCK = 16;

  private final int width;

  /// The rows of the transpose of `U`, one after the other up to the diagonal, without it.
  private final float[] factors;

  /// @param rows `[rows, width]`, as the layer will get them, rounded
  ErrorFeedback(float[] rows, int width) {
    this.width = width;
    double[] moments = moments(rows, width);
    damp(moments, width);
    this.factors = factors(moments, width);
  }

  /// Where a row of a lower triangle begins.
  private static int start(int row) {
    return row * (row + 1) / 2;
  }

  /// The lower triangle of `H`, row by row.
  private static double[] moments(float[] rows, int width) {
    double[] moments = new double[start(width)];
    int count = rows.length / width;
    for (int from = 0; from < count; from += BLOCK) {
      int to = Math.min(from + BLOCK, count);
      for (int channel = 0; channel < width; channel++) {
        for (int row = from; row < to; row++) {
          double factor = rows[row * width + channel];
          int at = start(channel);
          for (int i = 0; i <= channel; i++) {
            moments[at + i] += factor * rows[row * width + i];
          }
        }
      }
    }
    return moments;
  }

  private static void damp(double[] moments, int width) {
    double trace = 0;
    for (int i = 0; i < width; i++) {
      trace += moments[start(i) + i];
    }
    // Where every input is 0, no error matters.
    double damping = trace == 0 ? 1 : DAMPING * trace / width;
    for (int i = 0; i < width; i++) {
      moments[start(i) + i] += damping;
    }
  }

  /// Takes `H` apart from its last column on, in place.
  private static float[] factors(double[] moments, int width) {
    float[] factors = new float[moments.length];
    for (int last = width - 1; last >= 0; last--) {
      int at = start(last);
      double diagonal = moments[at + last];
      for (int row = 0; row < last; row++) {
        double factor = moments[at + row] / diagonal;
        factors[at + row] = (float) factor;
        int target = start(row);
        for (int i = 0; i <= row; i++) {
          moments[target + i] -= factor * moments[at + i];
        }
      }
    }
    return factors;
  }

  /// @param weight `[out, width]`
  /// @param steps of each row
  /// @return the whole numbers, `[out, width]`, in pairs as [RoundedRow] has them
  byte[] numbers(float[] weight, float[] steps) {
    int out = steps.length;
    byte[] numbers = new byte[weight.length];
    // By columns, so that the innermost loop runs over what lies side by side.
    float[] errors = new float[weight.length];
    float[] next = new float[out];
    float[] afterNext = new float[out];
    for (int column = 0; column < width; column += 2) {
      boolean pair = column + 1 < width;
      aim(weight, errors, column, next);
      if (pair) {
        aim(weight, errors, column + 1, afterNext);
      }
      float between = pair ? factors[start(column + 1) + column] : 0;
      for (int row = 0; row < out; row++) {
        float step = steps[row];
        int at = row * width + column;
        float partner = pair ? afterNext[row] / step : 0;
        int first = RoundedRow.number(next[row] / step, partner, true);
        numbers[at] = (byte) first;
        errors[column * out + row] = weight[at] - first * step;
        if (pair) {
          float aim = afterNext[row] + between * errors[column * out + row];
          int second = RoundedRow.second(aim / step, first);
          numbers[at + 1] = (byte) second;
          errors[(column + 1) * out + row] = weight[at + 1] - second * step;
        }
      }
    }
    return numbers;
  }

  /// What a column's numbers should be, after the errors of the pairs before it.
  private void aim(float[] weight, float[] errors, int column, float[] aims) {
    int out = aims.length;
    for (int row = 0; row < out; row++) {
      aims[row] = weight[row * width + column];
    }
    int at = start(column);
    for (int before = 0; before < (column & ~1); before++) {
      float factor = factors[at + before];
      int from = before * out;
      for (int row = 0; row < out; row++) {
        aims[row] += factor * errors[from + row];
      }
    }
  }
}
