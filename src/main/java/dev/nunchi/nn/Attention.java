package dev.nunchi.nn;

/// Scaled dot-product attention with several heads (Vaswani et al., 2017,
/// <https://arxiv.org/abs/1706.03762>): `softmax(Q·Kᵀ / √head_dim + mask)·V` for each head.
///
/// It has no parameters; the projections before and after it are [Linear].
///
/// @param dropout share of the attention probabilities that training drops, in [0, 1)
public record Attention(int heads, int headDim, double dropout) {}
