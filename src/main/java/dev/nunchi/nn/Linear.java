package dev.nunchi.nn;

/// The affine map `y = x·Wᵀ + b` over the last axis: `[…, in]` to `[…, out]`.
///
/// Parameters: `name.weight` `[out, in]` and, where `bias`, `name.bias` `[out]`.
///
/// @param initial how a fresh weight starts; a fresh bias is zero
public record Linear(String name, int in, int out, boolean bias, Parameter.Initial initial) {
  /// A layer whose fresh weight is normal.
  public Linear(String name, int in, int out, boolean bias) {
    this(name, in, out, bias, Parameter.Initial.NORMAL);
  }

  /// A linear layer with a bias.
  public static Linear of(String name, int in, int out) {
    return new Linear(name, in, out, true);
  }

  public String weight() {
    return name + ".weight";
  }

  public String biasName() {
    return name + ".bias";
  }
}
