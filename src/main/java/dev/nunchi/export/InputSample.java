package dev.nunchi.export;

import java.util.Arrays;
import java.util.Random;

/// Rows of what linear layers get: the extremes of every channel, rows drawn uniformly (reservoir
/// sampling, Vitter 1985, algorithm R) by a seed, so that the same texts give the same rows, and
/// those with the largest numbers. Few tokens have such numbers, and a text whose own are cut off
/// is another text.
final class InputSample {
  private static final int DRAWN = 1024;
  private static final int EXTREME = 16;

  /// How many of the drawn rows are among the few.
  private static final int FEW = 112;

  private final int width;
  private final float[] least;
  private final float[] greatest;
  private final float[] extremes;
  private float[] drawn;
  private final float[] largest = new float[EXTREME];
  private final Random random = new Random(1);
  private long seen;

  InputSample(int width) {
    this.width = width;
    least = new float[width];
    greatest = new float[width];
    extremes = new float[EXTREME * width];
    drawn = new float[FEW * width];
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
      if (place * width == drawn.length) {
        drawn = Arrays.copyOf(drawn, Math.min(2 * drawn.length, DRAWN * width));
      }
      System.arraycopy(values, from, drawn, (int) place * width, width);
    }
    int smallest = 0;
    for (int i = 1; i < EXTREME; i++) {
      smallest = largest[i] < largest[smallest] ? i : smallest;
    }
    if (size > largest[smallest]) {
      largest[smallest] = size;
      System.arraycopy(values, from, extremes, smallest * width, width);
    }
  }

  int width() {
    return width;
  }

  /// Some of the drawn rows and those with the largest numbers, `[rows, width]`; at least one has
  /// been added.
  float[] few() {
    if (seen < FEW) {
      // The extreme rows are among these.
      return drawn();
    }
    float[] few = Arrays.copyOf(drawn, (FEW + EXTREME) * width);
    System.arraycopy(extremes, 0, few, FEW * width, extremes.length);
    return few;
  }

  /// The drawn rows, `[rows, width]`; at least one has been added.
  float[] drawn() {
    return Arrays.copyOf(drawn, (int) Math.min(seen, DRAWN) * width);
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
