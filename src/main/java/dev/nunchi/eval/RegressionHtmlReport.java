package dev.nunchi.eval;

import static dev.nunchi.eval.Numbers.count;
import static dev.nunchi.eval.Numbers.fixed;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The report of a regression as one page of HTML, which is well-formed XML too.
public final class RegressionHtmlReport {
  private static final double CHART_HEIGHT = 340;

  private final RegressionReport report;
  private final ReportPage page;

  private RegressionHtmlReport(RegressionReport report) {
    this.report = report;
    this.page = new ReportPage(report.subject());
  }

  public static String of(RegressionReport report) {
    return new RegressionHtmlReport(report).write();
  }

  private String write() {
    figures();
    new LearningSection(page).write(report.curves());
    calibration();
    mistakes();
    return page.finish();
  }

  private void figures() {
    page.openFigures();
    page.figure("texts", count(Math.round(metric("count"))), "values of " + report.name());
    figure("mean absolute error", "mae");
    figure("root mean squared error", "rmse");
    figure("Pearson correlation", "pearson");
    figure("Spearman correlation", "spearman");
    page.figure("R²", fixed(metric("r2"), 4), "share of the variance that is explained");
    page.figure("bias", fixed(metric("bias"), 4), "mean of answer less value");
    page.closeFigures(Cautions.of(report.result()));
  }

  private void figure(String name, String metric) {
    page.figure(
        name,
        fixed(metric(metric), 4),
        "95 %% interval %s to %s"
            .formatted(fixed(metric(metric + "_low"), 4), fixed(metric(metric + "_high"), 4)));
  }

  private void calibration() {
    page.openSection(
        "calibration",
        "Answers against values",
        "Texts in groups of about the same answer, as many in each; where answers can be trusted,"
            + " the markers lie on the diagonal.");
    page.openCharts();
    chart();
    Table table =
        new Table(
            page.markup(),
            "calibration",
            0,
            List.of("mean answer", "mean value", "mean absolute error", "texts"));
    for (RegressionReport.Group group : report.groups()) {
      table.row(
          fixed(group.answer(), 4),
          fixed(group.actual(), 4),
          fixed(group.absoluteError(), 4),
          count(group.count()));
    }
    table.close();
    page.closeCharts();
    page.closeSection();
  }

  private void chart() {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (RegressionReport.Group group : report.groups()) {
      low = Math.min(low, Math.min(group.answer(), group.actual()));
      high = Math.max(high, Math.max(group.answer(), group.actual()));
    }
    double margin = high > low ? 0 : 1;
    PlotAxis axis =
        new PlotAxis("", low - margin, high + margin, 0, 1, 5, Numbers::shortest).rounded();
    Plot plot =
        new Plot(
            page.markup(),
            new Plot.Frame(
                "answers", "Mean answer against mean value of groups of texts", CHART_HEIGHT),
            titled(axis, "mean answer"),
            titled(axis, "mean value"),
            List.of());
    plot.line(
        List.of(new double[] {axis.low(), axis.low()}, new double[] {axis.high(), axis.high()}),
        "ideal");
    for (RegressionReport.Group group : report.groups()) {
      plot.marker(
          group.answer(),
          group.actual(),
          "s1",
          "%s texts: mean answer %s, mean value %s"
              .formatted(count(group.count()), fixed(group.answer(), 4), fixed(group.actual(), 4)));
    }
    plot.close();
  }

  private static PlotAxis titled(PlotAxis axis, String title) {
    return new PlotAxis(title, axis.low(), axis.high(), 0, 1, axis.ticks(), axis.format());
  }

  private void mistakes() {
    if (report.mistakes().isEmpty()) {
      return;
    }
    page.openSection(
        "mistakes",
        "Worst mistakes",
        "Answers furthest from the value; some may be wrong values in the data.");
    Table table =
        new Table(page.markup(), "mistakes", 1, List.of("text", "value", "answer", "error", "id"));
    for (ValuedText text : report.mistakes()) {
      table.row(
          HtmlReport.shortened(text.text()),
          fixed(text.actual(), 4),
          fixed(text.answer(), 4),
          fixed(text.error(), 4),
          text.id());
    }
    table.close();
    page.closeSection();
  }

  private double metric(String name) {
    Map<String, Double> metrics = report.result().metrics();
    return Objects.requireNonNull(metrics.get(name));
  }
}
