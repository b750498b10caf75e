package dev.nunchi.eval;

import java.util.List;

/// Accuracy against coverage, beside the best order of the same answers.
final class CoverageChart {
  private static final double HEIGHT = 300;
  private static final int MOST_POINTS = 200;

  private final Markup markup;

  CoverageChart(Markup markup) {
    this.markup = markup;
  }

  void write(CoverageCurve curve) {
    List<CoverageCurve.Point> points = curve.points(MOST_POINTS);
    double least = points.stream().mapToDouble(CoverageCurve.Point::accuracy).min().orElseThrow();
    markup.open("figure");
    Plot plot =
        new Plot(
            markup,
            new Plot.Frame("coverage", "Accuracy of the most confident share of the texts", HEIGHT),
            new PlotAxis("coverage", 0, 1, 0, 1, 5, ReliabilityCharts::percent),
            new PlotAxis("accuracy", Math.min(least, 0.99), 1, 0, 1, 5, ReliabilityCharts::percent)
                .rounded(),
            List.of(new Plot.Key("this model", "s1"), new Plot.Key("best order", "ideal")));
    plot.line(places(curve.bestPoints(MOST_POINTS)), "ideal");
    plot.line(places(points), "s1");
    plot.close();
    markup.close();
  }

  private static List<double[]> places(List<CoverageCurve.Point> points) {
    return points.stream().map(point -> new double[] {point.coverage(), point.accuracy()}).toList();
  }
}
