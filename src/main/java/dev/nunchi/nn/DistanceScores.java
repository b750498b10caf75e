package dev.nunchi.nn;

/// Scores of pairs of tokens by what one of the two is and how far they are apart, the terms that
/// disentangled attention adds to the products of queries and keys (He et al., 2021,
/// <https://arxiv.org/abs/2006.03654>, equation 4).
///
/// With `p(d) = W·table[row(d)] + b` in each head `s_ij = scale · x_i·p(i - j)` of queries `x`
/// (content to position), or `s_ij = scale · x_j·p(i - j)` of keys `x` (position to content).
///
/// @param projection `W` and `b`, of the rows of the table to the width of all heads
/// @param ofKeys whether `x` are keys
public record DistanceScores(
    Linear projection, int heads, RelativePositions positions, double scale, boolean ofKeys) {
  /// The rows of the distances of a text's tokens in an order that spares the look-up of pairs.
  ///
  /// Of queries distance `seq - 1` comes first, of keys its opposite. So the products of token `i`
  /// of `x` with the rows are a line of `2·seq`, in which its pair with the other token `j` stands
  /// at `seq - 1 - i + j`. Over all lines, one after the other, that is `seq - 1 + i·(2·seq - 1) +
  /// j`, which a view of lines shorter by one reads without a look-up. The last row is only there
  /// to make it so.
  public long[] rows(int seq) {
    long[] rows = new long[2 * seq];
    for (int i = 0; i < rows.length; i++) {
      int distance = seq - 1 - i;
      rows[i] = positions.row(ofKeys ? -distance : distance);
    }
    return rows;
  }
}
