package dev.nunchi.model;

import java.util.Locale;

/// The number format of an exported model's weights.
public enum Precision {
  FP32,
  FP16,
  /// Computed in fp32.
  BF16,
  /// Inputs of the layers too.
  INT8,
  /// Computed in fp32, or near it.
  INT8_WEIGHT_ONLY,
  /// Computed in fp32, or near it.
  INT4_WEIGHT_ONLY;

  /// As on the command line and in the manifest: `fp32`, `int4-weight-only`.
  public String manifestName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Whether weights are whole numbers, by which labels can change.
  public boolean isRounded() {
    return switch (this) {
      case FP32, FP16, BF16 -> false;
      case INT8, INT8_WEIGHT_ONLY, INT4_WEIGHT_ONLY -> true;
    };
  }

  /// The name, which the command line shows where it lists what can be chosen.
  @Override
  public String toString() {
    return manifestName();
  }
}
