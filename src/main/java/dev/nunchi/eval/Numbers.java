package dev.nunchi.eval;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/// How a report writes numbers; the same in every locale.
final class Numbers {
  private Numbers() {}

  /// For example `12,345`.
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /// For example `0.0123`.
  static String fixed(double value, int digits) {
    return decimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }

  /// For example `86.42 %`.
  static String percent(double share, int digits) {
    return fixed(100 * share, digits) + " %";
  }

  /// Of a drawing: at most two digits behind the point.
  static String coordinate(double value) {
    return plain(decimal(value).setScale(2, RoundingMode.HALF_EVEN));
  }

  /// The shortest form of a round number: `0.25`, `20,000`, `2e-4`.
  static String shortest(double value) {
    BigDecimal decimal = decimal(value).round(new MathContext(6)).stripTrailingZeros();
    double size = Math.abs(value);
    if (size != 0 && size < 0.001) {
      int exponent = decimal.precision() - decimal.scale() - 1;
      return plain(decimal.scaleByPowerOfTen(-exponent)) + "e" + exponent;
    }
    return size >= 1000 && decimal.scale() <= 0 ? count(decimal.longValue()) : plain(decimal);
  }

  private static BigDecimal decimal(double value) {
    return BigDecimal.valueOf(value);
  }

  private static String plain(BigDecimal value) {
    return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
  }
}
