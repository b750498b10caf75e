package dev.nunchi.eval;

import java.util.function.DoubleFunction;
import java.util.stream.LongStream;

/// A linear axis of a chart: values to coordinates, with ticks at round numbers.
///
/// @param low value at coordinate `from`
/// @param high value at coordinate `to`, over `low`
/// @param ticks about how many
record PlotAxis(
    String title,
    double low,
    double high,
    double from,
    double to,
    int ticks,
    DoubleFunction<String> format) {
  private static final double[] ROUND = {1, 2, 5, 10};
  private static final double TOLERANCE = 1e-9;

  /// The axis moved out to the ticks around its bounds.
  PlotAxis rounded() {
    double step = step();
    return new PlotAxis(
        title,
        Math.floor(low / step + TOLERANCE) * step,
        Math.ceil(high / step - TOLERANCE) * step,
        from,
        to,
        ticks,
        format);
  }

  double at(double value) {
    return from + (value - low) / (high - low) * (to - from);
  }

  double[] tickValues() {
    double step = step();
    return LongStream.rangeClosed(
            (long) Math.ceil(low / step - TOLERANCE), (long) Math.floor(high / step + TOLERANCE))
        .mapToDouble(i -> i * step)
        .toArray();
  }

  private double step() {
    double raw = (high - low) / ticks;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    for (double round : ROUND) {
      if (round * power >= raw * (1 - TOLERANCE)) {
        return round * power;
      }
    }
    throw new IllegalArgumentException("An axis from %s to %s".formatted(low, high));
  }
}
