package dev.nunchi.infer;

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

  /// The rows of each call, by their place in `lengths`.
  ///
  /// @param lengths of the texts in tokens
  List<List<Integer>> calls(int[] lengths) {
    List<Integer> rows =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(Comparator.comparingInt(row -> lengths[row]))
            .toList();
    long[] least = new long[rows.size() + 1];
    int[] from = new int[rows.size() + 1];
    for (int to = 1; to <= rows.size(); to++) {
      int longest = lengths[rows.get(to - 1)];
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

  /// Places of the calls that hold no token.
  static int padding(List<List<Integer>> calls, int[] lengths) {
    int padding = 0;
    for (List<Integer> call : calls) {
      int longest = call.stream().mapToInt(row -> lengths[row]).max().orElse(0);
      padding += call.stream().mapToInt(row -> longest - lengths[row]).sum();
    }
    return padding;
  }
}
