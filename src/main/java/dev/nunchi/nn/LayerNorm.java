package dev.nunchi.nn;

/// Layer normalisation over the last axis, `(x - μ) / √(σ² + ε) · γ + β` with the biased variance
/// (Ba et al., 2016, <https://arxiv.org/abs/1607.06450>).
///
/// Parameters: `name.weight` (γ) and, where `bias`, `name.bias` (β), both `[width]`.
public record LayerNorm(String name, int width, double epsilon, boolean bias) {
  /// A norm with a bias.
  public static LayerNorm of(String name, int width, double epsilon) {
    return new LayerNorm(name, width, epsilon, true);
  }

  public String weight() {
    return name + ".weight";
  }

  public String biasName() {
    return name + ".bias";
  }
}
