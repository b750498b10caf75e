package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Parts the texts of a run into calls of near length, where that is cheaper than the padding that
/// one call would have.
///
/// The texts are sorted by length, and cut where the sum over all calls of a call's price and its
/// places, rows times the longest, is least (as text is broken into lines: by the best way to part
/// the first texts, for each number of them).
record CallSplit(int callPlaces) {
  /// @param callPlaces what a call costs beside its places, in places
  CallSplit {
    if (callPlaces < 0) {
      throw new IllegalArgumentException("A call costs 0 places or more, not " + callPlaces);
    }
  }

  /// The rows of each call, by their number in `encodings`.
  List<List<Integer>> calls(List<Encoding> encodings) {
    List<Integer> rows =
        IntStream.range(0, encodings.size())
            .boxed()
            .sorted(Comparator.comparingInt(row -> encodings.get(row).length()))
            .toList();
    int[] lengths = rows.stream().mapToInt(row -> encodings.get(row).length()).toArray();
    long[] least = new long[rows.size() + 1];
    int[] from = new int[rows.size() + 1];
    for (int to = 1; to <= rows.size(); to++) {
      int longest = lengths[to - 1];
      least[to] = Long.MAX_VALUE;
      for (int begin = 0; begin < to; begin++) {
        long cost = least[begin] + callPlaces + (long) (to - begin) * longest;
        if (cost < least[to]) {
          least[to] = cost;
          from[to] = begin;
        }
      }
    }
    List<List<Integer>> calls = new ArrayList<>();
    for (int to = rows.size(); to > 0; to = from[to]) {
      calls.addFirst(rows.subList(from[to], to));
    }
    return calls;
  }
}
