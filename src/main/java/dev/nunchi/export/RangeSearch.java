package dev.nunchi.export;

import java.util.Random;

/// Finds the [Range] for the numbers that a value takes: the one that rounds them with the least
/// mean squared error, which clips a few far ones where the others gain from smaller steps.
///
/// Keeps a sample of the numbers, drawn uniformly (reservoir sampling, Vitter 1985, algorithm R) by
/// a seed, so that the same texts give the same range.
final class RangeSearch {
  private static final int SAMPLE = 1 << 16;
  private static final int CANDIDATES = 100;

  private final float[] sample = new float[SAMPLE];
  private final Random random = new Random(1);
  private long seen;
  private float least;
  private float greatest;

  void add(float[] values) {
    for (float value : values) {
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
      if (seen < SAMPLE) {
        sample[(int) seen] = value;
      } else {
        long place = random.nextLong(seen + 1);
        if (place < SAMPLE) {
          sample[(int) place] = value;
        }
      }
      seen++;
    }
  }

  /// The range; at least one number has been added.
  Range best() {
    if (least == greatest) {
      return new Range(0, 1);
    }
    Range best = new Range(least, greatest);
    // One end after the other, twice: the better end of one depends on the other.
    for (int round = 0; round < 2; round++) {
      best = bestHigh(best);
      best = bestLow(best);
    }
    return best;
  }

  private Range bestHigh(Range start) {
    Range best = start;
    double error = error(best);
    for (int i = 1; i <= CANDIDATES; i++) {
      float high = greatest * i / CANDIDATES;
      if (high > start.low()) {
        Range candidate = new Range(start.low(), high);
        double itsError = error(candidate);
        if (itsError < error) {
          best = candidate;
          error = itsError;
        }
      }
    }
    return best;
  }

  private Range bestLow(Range start) {
    Range best = start;
    double error = error(best);
    for (int i = 1; i <= CANDIDATES; i++) {
      float low = least * i / CANDIDATES;
      if (low < start.high()) {
        Range candidate = new Range(low, start.high());
        double itsError = error(candidate);
        if (itsError < error) {
          best = candidate;
          error = itsError;
        }
      }
    }
    return best;
  }

  private double error(Range range) {
    double sum = 0;
    int count = (int) Math.min(seen, SAMPLE);
    for (int i = 0; i < count; i++) {
      double difference = sample[i] - range.rounded(sample[i]);
      sum += difference * difference;
    }
    return sum;
  }
}
