package dev.nunchi.nn;

/// Root mean square normalisation over the last axis, `x / √(mean(x²) + ε) · (offset + γ)` (Zhang
/// and Sennrich, 2019, <https://arxiv.org/abs/1910.07467>), its sums in fp32.
///
/// Parameter: `name.weight` (γ) `[width]`.
///
/// @param offset 0, or 1 where the weight is stored as its distance from 1 (Gemma)
public record RmsNorm(String name, int width, double epsilon, double offset) {
  public String weight() {
    return name + ".weight";
  }
}
