package dev.nunchi.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// Puts texts of near-equal length into one batch, so that little of it is padding, in an order
/// that differs from epoch to epoch.
///
/// All texts are shuffled, sorted by length (equal lengths stay shuffled), cut where `rows ·
/// longest` would pass the token budget, and the batches shuffled. The same seed and epoch give the
/// same batches.
final class LengthBuckets {
  private final int[] lengths;
  private final int tokensPerBatch;

  /// @param lengths tokens of each text
  /// @param tokensPerBatch largest `rows · longest` of a batch; a single longer text is a batch of
  ///   its own
  LengthBuckets(int[] lengths, int tokensPerBatch) {
    this.lengths = lengths.clone();
    this.tokensPerBatch = tokensPerBatch;
  }

  /// The batches of one epoch, each the indices of its texts; every text is in exactly one.
  List<int[]> epoch(long seed, int epoch) {
    Random random = new Random(seed * 1_000_003 + epoch);
    List<Integer> order = new ArrayList<>(lengths.length);
    for (int i = 0; i < lengths.length; i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    order.sort((a, b) -> Integer.compare(lengths[a], lengths[b]));
    List<int[]> batches = cut(order.stream().mapToInt(Integer::intValue).toArray());
    Collections.shuffle(batches, random);
    return batches;
  }

  /// The texts in order of length, for evaluation.
  List<int[]> sorted() {
    int[] order =
        java.util.stream.IntStream.range(0, lengths.length)
            .boxed()
            .sorted((a, b) -> Integer.compare(lengths[a], lengths[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    return cut(order);
  }

  private List<int[]> cut(int[] sorted) {
    List<int[]> batches = new ArrayList<>();
    int start = 0;
    for (int end = 0; end < sorted.length; end++) {
      long tokens = (long) (end - start + 1) * lengths[sorted[end]];
      if (tokens > tokensPerBatch && end > start) {
        batches.add(Arrays.copyOfRange(sorted, start, end));
        start = end;
      }
    }
    if (start < sorted.length) {
      batches.add(Arrays.copyOfRange(sorted, start, sorted.length));
    }
    return batches;
  }
}
