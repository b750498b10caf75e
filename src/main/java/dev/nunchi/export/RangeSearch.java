package dev.nunchi.export;

import java.util.function.IntFunction;

/// Finds the [Range] for the input of linear layers: the one that rounds it with the least squared
/// error in their products, which clips a few far numbers where the others gain from smaller steps.
///
/// The error of a product is the error of the input times the weights of its channel, so each
/// channel counts by the energy of its weights, and errors of channels are taken for independent.
final class RangeSearch {
  private static final int CANDIDATES = 24;

  private final float[] rows;
  private final float[] rowWeights;
  private final float[] channelWeights;

  /// @param rows `[rows, channels]`
  /// @param rowWeights how much the error of each row counts
  /// @param channelWeights how much the error of each channel counts
  RangeSearch(float[] rows, float[] rowWeights, float[] channelWeights) {
    this.rows = rows;
    this.rowWeights = rowWeights;
    this.channelWeights = channelWeights;
  }

  /// The best range within the one from `least` to `greatest`.
  Range best(float least, float greatest) {
    if (least == greatest) {
      return new Range(0, 1);
    }
    Range best = new Range(least, greatest);
    // One end after the other, twice: the better end of one depends on the other.
    for (int round = 0; round < 2; round++) {
      Range before = best;
      best = better(best, share -> range(before.low(), greatest * share / CANDIDATES, before));
      Range after = best;
      best = better(best, share -> range(least * share / CANDIDATES, after.high(), after));
    }
    return best;
  }

  /// The range itself, or the best of the candidates where one is better.
  private Range better(Range start, IntFunction<Range> candidate) {
    Range best = start;
    double error = error(best);
    for (int share = 1; share <= CANDIDATES; share++) {
      Range other = candidate.apply(share);
      double itsError = error(other);
      if (itsError < error) {
        best = other;
        error = itsError;
      }
    }
    return best;
  }

  /// The other range where the ends of tiny numbers have met at 0.
  private static Range range(float low, float high, Range other) {
    return high > low ? new Range(low, high) : other;
  }

  private double error(Range range) {
    int channels = channelWeights.length;
    float step = range.step();
    float low = -range.zeroPoint();
    float high = low + Range.STEPS;
    double sum = 0;
    for (int row = 0; row < rowWeights.length; row++) {
      float rowSum = 0;
      for (int channel = 0; channel < channels; channel++) {
        float x = rows[row * channels + channel];
        float difference = x - Math.clamp((float) Math.rint(x / step), low, high) * step;
        rowSum += channelWeights[channel] * difference * difference;
      }
      sum += rowWeights[row] * rowSum;
    }
    return sum;
  }
}
