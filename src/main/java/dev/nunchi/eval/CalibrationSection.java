package dev.nunchi.eval;

import java.util.List;

/// The part of a report on calibration, before and after temperature.
final class CalibrationSection {
  private final ReportPage page;

  CalibrationSection(ReportPage page) {
    this.page = page;
  }

  /// @param confidence name of the diagrams' axis across
  /// @param accuracy name of the diagrams' axis up
  void write(
      String explanation,
      String confidence,
      String accuracy,
      Calibration before,
      Calibration after) {
    page.openSection("calibration", "Calibration", explanation);
    page.openCharts();
    ReliabilityCharts charts = new ReliabilityCharts(page.markup(), confidence, accuracy);
    charts.write("before", "Before temperature (T = 1)", before.reliability());
    charts.write(
        "after",
        "After temperature (T = %s)".formatted(Numbers.fixed(after.temperature(), 3)),
        after.reliability());
    page.closeCharts();
    Table table =
        new Table(page.markup(), "calibration", 1, List.of("", "before", "after temperature"));
    row(table, "temperature", before.temperature(), after.temperature());
    row(
        table,
        "expected calibration error",
        before.reliability().expectedCalibrationError(),
        after.reliability().expectedCalibrationError());
    row(
        table,
        "maximum calibration error",
        before.reliability().maximumCalibrationError(),
        after.reliability().maximumCalibrationError());
    row(table, "Brier score", before.brierScore(), after.brierScore());
    row(table, "log loss", before.logLoss(), after.logLoss());
    table.close();
    page.closeSection();
  }

  private static void row(Table table, String name, double before, double after) {
    table.row(name, Numbers.fixed(before, 4), Numbers.fixed(after, 4));
  }
}
