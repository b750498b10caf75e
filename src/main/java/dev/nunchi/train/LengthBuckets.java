package dev.nunchi.train;

import dev.nunchi.text.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/// Cuts texts into batches, in an order that differs from epoch to epoch.
///
/// Grouped by length, little of a batch is padding: all texts are shuffled, sorted by length (equal
/// lengths stay shuffled), cut into batches, and the batches shuffled. The same seed and epoch give
/// the same batches, and every epoch has as many; under noise, which makes texts longer, nearly.
final class LengthBuckets {
  /// How large a batch is.
  ///
  /// @param rows most texts
  /// @param tokens most padded tokens, `rows · longest`; a single longer text is a batch of its own
  record Size(int rows, int tokens) {
    static Size ofRows(int rows) {
      return new Size(rows, Integer.MAX_VALUE);
    }

    static Size ofTokens(int tokens) {
      return new Size(Integer.MAX_VALUE, tokens);
    }
  }

  private final int[] lengths;
  private final Size size;
  private final boolean grouped;

  /// @param lengths tokens of each text
  /// @param grouped whether texts of near-equal length go together
  LengthBuckets(int[] lengths, Size size, boolean grouped) {
    this.lengths = lengths.clone();
    this.size = size;
    this.grouped = grouped;
  }

  int[] lengths() {
    return lengths.clone();
  }

  /// The same with the lengths of these in the place of some.
  ///
  /// @param others by the index of the text
  LengthBuckets with(Map<Integer, Encoding> others) {
    LengthBuckets changed = new LengthBuckets(lengths, size, grouped);
    others.forEach((index, encoding) -> changed.lengths[index] = encoding.length());
    return changed;
  }

  /// The batches of one epoch, each the indices of its texts; every text is in exactly one.
  List<int[]> epoch(long seed, int epoch) {
    Random random = new Random(seed * 1_000_003 + epoch);
    List<Integer> order = new ArrayList<>(lengths.length);
    for (int i = 0; i < lengths.length; i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    if (grouped) {
      order.sort((a, b) -> Integer.compare(lengths[a], lengths[b]));
    }
    List<int[]> batches = cut(order.stream().mapToInt(Integer::intValue).toArray());
    if (grouped) {
      Collections.shuffle(batches, random);
    }
    return batches;
  }

  /// The texts in order of length, for evaluation.
  List<int[]> sorted() {
    int[] order =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted((a, b) -> Integer.compare(lengths[a], lengths[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    return cut(order);
  }

  private List<int[]> cut(int[] order) {
    List<int[]> batches = new ArrayList<>();
    int start = 0;
    int longest = 0;
    for (int end = 0; end < order.length; end++) {
      int rows = end - start + 1;
      int length = Math.max(longest, lengths[order[end]]);
      if (end > start && (rows > size.rows() || (long) rows * length > size.tokens())) {
        batches.add(Arrays.copyOfRange(order, start, end));
        start = end;
        length = lengths[order[end]];
      }
      longest = length;
    }
    if (start < order.length) {
      batches.add(Arrays.copyOfRange(order, start, order.length));
    }
    return batches;
  }
}
