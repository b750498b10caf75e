package dev.nunchi.export;

import dev.nunchi.model.Precision;

/// How a model is exported.
///
/// @param precision number format of the weights
public record ExportOptions(Precision precision) {
  public static final ExportOptions FP32 = new ExportOptions(Precision.FP32);
}
