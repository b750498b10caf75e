package dev.nunchi.export;

import java.util.Arrays;
import java.util.Random;

/// Rows of what linear layers get: the extremes of every channel, some rows drawn uniformly
/// (reservoir sampling, Vitter 1985, algorithm R) by a seed, so that the same texts give the same
/// rows, and those with the largest numbers. Few tokens have such numbers, and a text whose own are
/// cut off is another text.
final class InputSample {
  private static final int DRAWN = 112;
  private static final int EXTREME = 16;

  private final int width;
  private final float[] least;
  private final float[] greatest;
  private final float[] rows;
  private final float[] largest = new float[EXTREME];
  private final Random random = new Random(1);
  private long seen;

  InputSample(int width) {
    this.width = width;
    least = new float[width];
    greatest = new float[width];
    rows = new float[(DRAWN + EXTREME) * width];
  }

  /// @param values `[rows, width]`, finite
  void add(float[] values) {
    for (int from = 0; from < values.length; from += width) {
      float size = 0;
      for (int channel = 0; channel < width; channel++) {
        float value = values[from + channel];
        least[channel] = Math.min(least[channel], value);
        greatest[channel] = Math.max(greatest[channel], value);
        size = Math.max(size, Math.abs(value));
      }
      keep(values, from, size);
      seen++;
    }
  }

  private void keep(float[] values, int from, float size) {
    long place = seen < DRAWN ? seen : random.nextLong(seen + 1);
    if (place < DRAWN) {
      System.arraycopy(values, from, rows, (int) place * width, width);
    }
    int smallest = 0;
    for (int i = 1; i < EXTREME; i++) {
      smallest = largest[i] < largest[smallest] ? i : smallest;
    }
    if (size > largest[smallest]) {
      largest[smallest] = size;
      System.arraycopy(values, from, rows, (DRAWN + smallest) * width, width);
    }
  }

  int width() {
    return width;
  }

  /// The rows that were kept, `[rows, width]`; at least one has been added.
  float[] rows() {
    if (seen >= DRAWN) {
      return rows.clone();
    }
    // The extreme rows are among these.
    return Arrays.copyOf(rows, (int) seen * width);
  }

  /// The smallest number of each channel, at most 0.
  float[] least() {
    return least;
  }

  /// The greatest number of each channel, at least 0.
  float[] greatest() {
    return greatest;
  }
}
