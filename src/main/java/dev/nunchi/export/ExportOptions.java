package dev.nunchi.export;

import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import java.util.List;

/// How a model is exported.
///
/// @param precision number format of the weights
/// @param calibration texts that the ranges of int8 are found on, as the model was trained on;
///   empty for other precisions
/// @param validation texts by which a rounded model is compared with fp32; needed for int8, and
///   where weights alone are rounded empty for no comparison
/// @param acceptedAgreement the least share of the validation texts that a rounded model has to
///   give the labels of fp32, or values near those of fp32, in (0, 1]
/// @param existing what is done about a model that stands at the output
public record ExportOptions(
    Precision precision,
    List<String> calibration,
    Validation validation,
    double acceptedAgreement,
    OutputDirectory.Existing existing) {
  /// Which int8 is refused without; a user may accept less.
  public static final double LEAST_AGREEMENT = 0.995;

  public static final ExportOptions FP32 = of(Precision.FP32);

  public ExportOptions {
    calibration = List.copyOf(calibration);
    if (precision == Precision.INT8 && (calibration.isEmpty() || validation.texts().isEmpty())) {
      throw new IllegalArgumentException("int8 takes texts to calibrate on and to validate with");
    }
    if (!(acceptedAgreement > 0 && acceptedAgreement <= 1)) {
      throw new IllegalArgumentException(
          "%s is no share of the texts".formatted(acceptedAgreement));
    }
  }

  /// Over no other model.
  public ExportOptions(Precision precision, List<String> calibration, Validation validation) {
    this(precision, calibration, validation, LEAST_AGREEMENT, OutputDirectory.Existing.KEEP);
  }

  /// The same, in place of another model.
  public ExportOptions replacing() {
    return new ExportOptions(
        precision, calibration, validation, acceptedAgreement, OutputDirectory.Existing.REPLACE);
  }

  /// The same, accepting that another share of the texts is as in fp32.
  public ExportOptions accepting(double agreement) {
    return new ExportOptions(precision, calibration, validation, agreement, existing);
  }

  /// A precision that needs no texts.
  public static ExportOptions of(Precision precision) {
    return new ExportOptions(precision, List.of(), Validation.NONE);
  }
}
