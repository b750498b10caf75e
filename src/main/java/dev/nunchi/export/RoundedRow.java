package dev.nunchi.export;

/// A row of a linear layer's matrix in whole numbers of 8 bits that no processor overflows on.
///
/// A processor without VNNI multiplies an unsigned input of up to 255 with a weight, and adds the
/// products of two neighbours, columns `2i` and `2i + 1`, in 16 bits, where 255 · (127 + 127) has
/// no room. Weights of up to 64 always fit, but it is enough that the two weights of a pair do not
/// come to more than 128 together. Large weights are rare, so most rows can have nearly 127 steps
/// to each side: where a pair is over 128, both give way, and the steps are the ones that leave the
/// least squared error.
final class RoundedRow {
  /// The most that two neighbours of one sign may come to: 255 · 128 fits into 16 bits.
  static final int MOST_PAIR = 128;

  /// Steps from the smallest, with which the greatest number becomes 127, to twice that, with which
  /// no pair is over.
  private static final float[] STEP_SIZES = {1, 1.12f, 1.25f, 1.4f, 1.6f, 2};

  private RoundedRow() {}

  /// The whole number of one of a pair.
  ///
  /// @param number in steps
  /// @param partner the other of the pair, in steps
  /// @param first whether `number` is the first of the pair
  static int number(float number, float partner, boolean first) {
    int own = whole(number);
    int excess = excess(own, whole(partner));
    return excess <= 0 ? own : nearer(own, first ? excess / 2 : excess - excess / 2);
  }

  /// The whole number of the second of a pair whose first is settled.
  static int second(float number, int first) {
    int own = whole(number);
    int excess = excess(own, first);
    return excess <= 0 ? own : nearer(own, Math.min(excess, Math.abs(own)));
  }

  /// How far a pair is over [#MOST_PAIR]; 0 or less where it is not, or where the two signs differ.
  private static int excess(int a, int b) {
    return (a ^ b) < 0 ? 0 : Math.abs(a) + Math.abs(b) - MOST_PAIR;
  }

  private static int nearer(int number, int by) {
    return number > 0 ? number - by : number + by;
  }

  private static int whole(float number) {
    return Math.clamp((int) Math.rint(number), -Byte.MAX_VALUE, Byte.MAX_VALUE);
  }

  /// The size of step that rounds the row with the least squared error.
  ///
  /// @param row the numbers
  /// @param energies how much the error of each counts: the mean square of its input
  static float step(float[] row, float[] energies) {
    float greatest = 0;
    for (float number : row) {
      greatest = Math.max(greatest, Math.abs(number));
    }
    if (greatest == 0) {
      return 1;
    }
    float best = 1;
    double least = Double.MAX_VALUE;
    for (float size : STEP_SIZES) {
      float step = size * greatest / Byte.MAX_VALUE;
      double error = error(row, energies, step);
      if (error < least) {
        least = error;
        best = step;
      }
    }
    return best;
  }

  private static double error(float[] row, float[] energies, float step) {
    float inverse = 1 / step;
    double sum = 0;
    for (int column = 0; column < row.length; column += 2) {
      boolean pair = column + 1 < row.length;
      float first = row[column];
      float second = pair ? row[column + 1] : 0;
      int a = whole(first * inverse);
      int b = whole(second * inverse);
      int excess = excess(a, b);
      if (excess > 0) {
        a = nearer(a, excess / 2);
        b = nearer(b, excess - excess / 2);
      }
      float lost = first - a * step;
      sum += energies[column] * lost * lost;
      if (pair) {
        float alsoLost = second - b * step;
        sum += energies[column + 1] * alsoLost * alsoLost;
      }
    }
    return sum;
  }

  /// Rounds each number of a matrix for itself.
  ///
  /// @param weight `[out, in]`
  /// @param steps of each row
  /// @return the whole numbers, `[out, in]`
  static byte[] numbers(float[] weight, float[] steps) {
    int width = weight.length / steps.length;
    byte[] numbers = new byte[weight.length];
    for (int i = 0; i < weight.length; i++) {
      int column = i % width;
      int other = column ^ 1;
      float inverse = 1 / steps[i / width];
      float partner = other < width ? weight[i - column + other] : 0;
      numbers[i] = (byte) number(weight[i] * inverse, partner * inverse, column < other);
    }
    return numbers;
  }
}
