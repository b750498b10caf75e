package dev.nunchi.eval;

import dev.nunchi.eval.Reliability.Bin;
import java.util.List;

/// A reliability diagram: accuracy against confidence, and below it how many answers each bin has.
///
/// The gap between the two stands on a bar that is too sure, and is part of one that is too unsure.
final class ReliabilityCharts {
  private static final double HEIGHT = 330;
  private static final double COUNTS_HEIGHT = 150;

  private final Markup markup;
  private final String confidence;
  private final String accuracy;

  /// @param confidence name of the axis across
  /// @param accuracy name of the axis up
  ReliabilityCharts(Markup markup, String confidence, String accuracy) {
    this.markup = markup;
    this.confidence = confidence;
    this.accuracy = accuracy;
  }

  /// @param id class of the chart: `reliability-` and this; `counts-` and this for the one below
  void write(String id, String caption, Reliability reliability) {
    markup.open("figure").element("figcaption", caption);
    diagram(id, caption, reliability.bins());
    counts(id, reliability);
    markup.close();
  }

  private void diagram(String id, String caption, List<Bin> bins) {
    Plot plot =
        new Plot(
            markup,
            new Plot.Frame("reliability-" + id, "Reliability diagram: " + caption, HEIGHT),
            unit(confidence, 5),
            unit(accuracy, 5),
            List.of(
                new Plot.Key("measured", "bar"),
                new Plot.Key("too sure", "over"),
                new Plot.Key("too unsure", "under"),
                new Plot.Key("ideal", "ideal")));
    for (Bin bin : bins) {
      String title =
          "%s to %s: %s answers, confidence %s, accuracy %s"
              .formatted(
                  Numbers.fixed(bin.low(), 2),
                  Numbers.fixed(bin.high(), 2),
                  Numbers.count(bin.count()),
                  Numbers.fixed(bin.confidence(), 4),
                  Numbers.fixed(bin.accuracy(), 4));
      plot.bar(bin.low(), bin.high(), 0, bin.accuracy(), "bar", title);
      String gap = bin.confidence() > bin.accuracy() ? "gap over" : "gap under";
      plot.bar(bin.low(), bin.high(), bin.accuracy(), bin.confidence(), gap, title);
    }
    plot.line(List.of(new double[] {0, 0}, new double[] {1, 1}), "ideal");
    plot.close();
  }

  private void counts(String id, Reliability reliability) {
    double total = reliability.count();
    double most =
        reliability.bins().stream().mapToDouble(bin -> bin.count() / total).max().orElse(1);
    Plot plot =
        new Plot(
            markup,
            new Plot.Frame("counts-" + id, "Share of the answers in each bin", COUNTS_HEIGHT),
            unit(confidence, 5),
            new PlotAxis("share", 0, most, 0, 1, 3, ReliabilityCharts::percent).rounded(),
            List.of());
    for (Bin bin : reliability.bins()) {
      plot.bar(
          bin.low(),
          bin.high(),
          0,
          bin.count() / total,
          "bar",
          "%s answers, %s"
              .formatted(Numbers.count(bin.count()), Numbers.percent(bin.count() / total, 1)));
    }
    plot.close();
  }

  private static PlotAxis unit(String title, int ticks) {
    return new PlotAxis(title, 0, 1, 0, 1, ticks, Numbers::shortest);
  }

  static String percent(double share) {
    return Numbers.shortest(100 * share) + " %";
  }
}
