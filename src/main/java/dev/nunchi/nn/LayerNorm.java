package dev.nunchi.nn;

/// Layer normalisation over the last axis, `(x - μ) / √(σ² + ε) · γ + β` with the biased variance
/// (Ba et al., 2016, <https://arxiv.org/abs/1607.06450>).
///
/// Parameters: `name.weight` (γ) and `name.bias` (β), both `[width]`.
public record LayerNorm(String name, int width, double epsilon) {
  public String weight() {
    return name + ".weight";
  }

  public String biasName() {
    return name + ".bias";
  }
}
