package dev.nunchi.nn;

/// Which row of a table of relative positions the distance of two tokens has, as DeBERTa counts (He
/// et al., 2021, <https://arxiv.org/abs/2006.03654>; with buckets since its version 2, as
/// transformers computes them).
///
/// Distance `d`, of query `i` and key `j` `i - j`, has row `clamp(bucket(d) + span, 0, 2·span -
/// 1)`. Without buckets `bucket(d) = d` and `span = reach`. With them `span = buckets`; a distance
/// up to `mid = ⌊buckets / 2⌋` has a row of its own, and the farther others are, the more of them
/// share one: `bucket(d) = sign(d) · (⌈ln(|d| / mid) / ln((reach - 1) / mid) · (mid - 1)⌉ + mid)`,
/// in fp32, as published networks were trained with.
///
/// @param buckets 0 for none, otherwise at least 2
/// @param reach over `mid + 1` where there are buckets, the last distance of which is `reach - 1`
/// @param longest tokens of the longest text
public record RelativePositions(int buckets, int reach, int longest) {
  public RelativePositions {
    boolean counts = buckets == 0 || buckets > 1 && reach - 1 > buckets / 2;
    if (!counts || reach < 1 || longest < 1) {
      throw new IllegalArgumentException(
          "no relative positions of %d buckets, reach %d, longest %d"
              .formatted(buckets, reach, longest));
    }
  }

  /// Rows of the table, `2·span`.
  public int rows() {
    return 2 * span();
  }

  /// The row of a distance.
  public int row(int distance) {
    return Math.clamp(bucket(distance) + (long) span(), 0, rows() - 1);
  }

  private int span() {
    return buckets == 0 ? reach : buckets;
  }

  private int bucket(int distance) {
    int mid = buckets / 2;
    int size = Math.abs(distance);
    if (buckets == 0 || size <= mid) {
      return distance;
    }
    float share = log((float) size / mid) / log((float) ((reach - 1.0) / mid));
    int bucket = (int) Math.ceil(share * (mid - 1)) + mid;
    return distance < 0 ? -bucket : bucket;
  }

  private static float log(float x) {
    return (float) Math.log(x);
  }
}
