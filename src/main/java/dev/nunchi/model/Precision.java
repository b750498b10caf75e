package dev.nunchi.model;

import java.util.Locale;

/// The number format of an exported model's weights.
public enum Precision {
  FP32,
  FP16,
  INT8;

  /// As on the command line and in the manifest: `fp32`.
  public String manifestName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
