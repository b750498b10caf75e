package dev.nunchi.nn;

/// Scaled dot-product attention with several heads (Vaswani et al., 2017,
/// <https://arxiv.org/abs/1706.03762>): `softmax(cap(scale · Q·Kᵀ) + mask)·V` for each head.
///
/// Several heads of queries may share one of keys and values (Ainslie et al., 2023,
/// <https://arxiv.org/abs/2305.13245>): query head `h` reads key head `h / (heads / keyHeads)`. It
/// has no parameters; the projections before and after it are [Linear].
///
/// @param heads of the queries, a multiple of `keyHeads`
/// @param keyHeads of the keys and the values
/// @param scale of the products, usually `1 / √headDim`
/// @param dropout share of the attention probabilities that training drops, in [0, 1)
/// @param causal whether a token sees none after it
/// @param reach the greatest distance between two tokens that see each other
/// @param softCap scores `s` become `softCap · tanh(s / softCap)` before the mask (Gemma 2, 2024,
///   <https://arxiv.org/abs/2408.00118>); 0 for none
public record Attention(
    int heads,
    int keyHeads,
    int headDim,
    double scale,
    double dropout,
    boolean causal,
    int reach,
    double softCap) {
  /// The [#reach] of attention without a window.
  public static final int EVERYWHERE = Integer.MAX_VALUE;

  public Attention {
    if (heads < 1 || keyHeads < 1 || heads % keyHeads != 0 || reach < 0 || softCap < 0) {
      throw new IllegalArgumentException(
          "no attention of %d heads over %d, reach %d, cap %s"
              .formatted(heads, keyHeads, reach, softCap));
    }
  }

  /// Every token sees every other.
  public static Attention bidirectional(int heads, int headDim, double dropout) {
    return new Attention(
        heads, heads, headDim, 1 / Math.sqrt(headDim), dropout, false, EVERYWHERE, 0);
  }

  /// Every token sees those at a distance of at most `reach`.
  public Attention within(int reach) {
    return new Attention(heads, keyHeads, headDim, scale, dropout, causal, reach, softCap);
  }

  /// Whether all tokens of a text of that length see each other.
  public boolean seesAll(long seq) {
    return !causal && seq - 1 <= reach;
  }

  /// Whether the token at one place sees that at another, padding aside.
  public boolean sees(int query, int key) {
    return Math.abs(query - key) <= reach && (!causal || key <= query);
  }
}
