package dev.nunchi.eval;

import java.util.List;
import java.util.TreeMap;

/// The texts of about one length, and how many of them were answered rightly.
///
/// @param least fewest tokens, special tokens included, before truncation
/// @param most most tokens
/// @param count at least 1
public record LengthBucket(int least, int most, long count, long correct) {
  private static final int NARROWEST = 8;

  public double accuracy() {
    return (double) correct / count;
  }

  /// Where the accuracy lies with 95 % confidence.
  public WilsonInterval interval() {
    return WilsonInterval.of(correct, count);
  }

  /// The buckets that hold a text, from short to long. Their bounds do not depend on the texts: 8,
  /// 16, 24, 32, 48, 64, 96, 128 and so on, each power of two and half-way to the next.
  ///
  /// @param tokenCounts `[rows]`, at least 1 each
  /// @param correct `[rows]`
  public static List<LengthBucket> of(int[] tokenCounts, boolean[] correct) {
    if (tokenCounts.length != correct.length) {
      throw new IllegalArgumentException(
          "%d outcomes of %d texts".formatted(correct.length, tokenCounts.length));
    }
    TreeMap<Integer, LengthBucket> buckets = new TreeMap<>();
    for (int row = 0; row < tokenCounts.length; row++) {
      LengthBucket single = holding(tokenCounts[row], correct[row]);
      buckets.merge(single.least(), single, LengthBucket::plus);
    }
    return List.copyOf(buckets.values());
  }

  private static LengthBucket holding(int tokens, boolean correct) {
    int below = 0;
    int bound = NARROWEST;
    while (tokens > bound) {
      below = bound;
      bound = next(bound);
    }
    return new LengthBucket(below + 1, bound, 1, correct ? 1 : 0);
  }

  private static int next(int bound) {
    int power = Integer.highestOneBit(bound);
    if (bound == NARROWEST) {
      return 2 * bound;
    }
    return bound == power ? bound + power / 2 : 2 * power;
  }

  private LengthBucket plus(LengthBucket other) {
    return new LengthBucket(least, most, count + other.count, correct + other.correct);
  }
}
