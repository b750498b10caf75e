package dev.nunchi.nn;

/// Element-wise functions between layers; the names are those of `hidden_act` in `config.json`.
public enum Activation {
  /// `0.5·x·(1 + erf(x / √2))`.
  GELU("gelu"),
  /// `0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))`: differs from [#GELU] by up to 1e-3.
  GELU_TANH("gelu_new"),
  RELU("relu"),
  /// `x / (1 + exp(-x))`.
  SILU("silu"),
  TANH("tanh");

  private final String configName;

  Activation(String configName) {
    this.configName = configName;
  }

  public String configName() {
    return configName;
  }
}
