package dev.nunchi.export;

import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;

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
      float low = best.low();
      best = better(best, share -> range(low, greatest * share / CANDIDATES));
      float high = best.high();
      best = better(best, share -> range(least * share / CANDIDATES, high));
    }
    return best;
  }

  /// The range itself, or the best of the candidates where one is better.
  private Range better(Range start, IntFunction<Optional<Range>> candidate) {
    Range best = start;
    double error = error(best);
    for (int share = 1; share <= CANDIDATES; share++) {
      Range other = candidate.apply(share).orElse(start);
      double itsError = error(other);
      if (itsError < error) {
        best = other;
        error = itsError;
      }
    }
    return best;
  }

  /// Empty where the ends of tiny numbers have met at 0.
  private static Optional<Range> range(float low, float high) {
    return high > low ? Optional.of(new Range(low, high)) : Optional.empty();
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
