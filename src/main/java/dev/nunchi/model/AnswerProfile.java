package dev.nunchi.model;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// How a model answers many texts: how many get each label, how sure it is, and how much of them
/// its vocabulary does not have. Two of them, of texts like those of training and of texts that
/// come later, tell by their [#stabilityIndex] whether texts have changed.
///
/// @param labels texts by the label with the highest score, by its name
/// @param confidence texts by the score of that label, in the ranges that [#CONFIDENCES] divides
/// @param unknownTokens texts by the share of their tokens that the vocabulary does not have, in
///   the ranges that [#UNKNOWN_SHARES] divides
public record AnswerProfile(
    Map<String, Long> labels, List<Long> confidence, List<Long> unknownTokens) {
  /// Ends of all ranges but the last, each a part of the range below it.
  public static final List<Double> CONFIDENCES = List.of(0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99);

  /// As [#CONFIDENCES]; the first is for texts of which all is known.
  public static final List<Double> UNKNOWN_SHARES = List.of(0.0, 0.01, 0.05, 0.1, 0.25, 0.5);

  public AnswerProfile {
    labels = Collections.unmodifiableMap(new TreeMap<>(labels));
    confidence = List.copyOf(confidence);
    unknownTokens = List.copyOf(unknownTokens);
  }

  /// Texts of which it tells.
  public long count() {
    return labels.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Which range a value is in, 0 for the first.
  ///
  /// @param ends [#CONFIDENCES] or [#UNKNOWN_SHARES]
  public static int range(List<Double> ends, double value) {
    int range = 0;
    while (range < ends.size() && value > ends.get(range)) {
      range++;
    }
    return range;
  }

  /// The population stability index of two samples over the same ranges: the sum of `(q − p) · ln(q
  /// / p)` over them, which is Jeffreys' divergence, 0 or more. By the usual rule less than 0.1 is
  /// no change, and more than 0.25 a large one (Siddiqi, *Credit Risk Scorecards*, 2006). Each
  /// range has half a text more than was counted, so that an empty one does not make it infinite.
  ///
  /// @param expected texts in each range, of at least one text
  /// @param actual the same of the other sample
  public static double stabilityIndex(long[] expected, long[] actual) {
    double expectedCount = Arrays.stream(expected).sum() + 0.5 * expected.length;
    double actualCount = Arrays.stream(actual).sum() + 0.5 * actual.length;
    double index = 0;
    for (int i = 0; i < expected.length; i++) {
      double p = (expected[i] + 0.5) / expectedCount;
      double q = (actual[i] + 0.5) / actualCount;
      index += (q - p) * Math.log(q / p);
    }
    return index;
  }
}
