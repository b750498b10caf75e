package dev.nunchi.eval;

import java.util.List;

/// Accuracy by length: a point with its 95 % interval for each bucket.
final class LengthChart {
  private static final double HEIGHT = 300;
  private static final int FEWEST_TEXTS = 20;

  private final Markup markup;

  LengthChart(Markup markup) {
    this.markup = markup;
  }

  /// @param all at least one; those of fewer than 20 texts are left out, whose intervals would fill
  ///   the chart and tell nothing, unless there are no others
  /// @param accuracy over all texts
  void write(List<LengthBucket> all, double accuracy) {
    List<LengthBucket> many = many(all);
    List<LengthBucket> buckets = many.isEmpty() ? all : many;
    double least =
        buckets.stream().mapToDouble(bucket -> bucket.interval().low()).min().orElseThrow();
    double left = -0.5;
    double right = buckets.size() - 0.5;
    markup.open("figure");
    Plot plot =
        new Plot(
            markup,
            new Plot.Frame("lengths", "Accuracy by length in tokens", HEIGHT),
            // One bucket to each whole number.
            new PlotAxis(
                "tokens",
                left,
                right,
                0,
                1,
                buckets.size(),
                place -> "≤" + buckets.get((int) Math.round(place)).most()),
            new PlotAxis("accuracy", Math.min(least, 0.99), 1, 0, 1, 5, ReliabilityCharts::percent)
                .rounded(),
            List.of(
                new Plot.Key("with 95 % interval", "whisker"), new Plot.Key("all texts", "ideal")));
    plot.line(List.of(new double[] {left, accuracy}, new double[] {right, accuracy}), "ideal");
    for (int i = 0; i < buckets.size(); i++) {
      LengthBucket bucket = buckets.get(i);
      WilsonInterval interval = bucket.interval();
      plot.line(plot.x(i), plot.y(interval.low()), plot.x(i), plot.y(interval.high()), "whisker");
      plot.marker(
          i,
          bucket.accuracy(),
          "s1",
          "%s to %s tokens: %s of %s texts"
              .formatted(
                  bucket.least(),
                  bucket.most(),
                  Numbers.percent(bucket.accuracy(), 2),
                  Numbers.count(bucket.count())));
    }
    plot.close();
    markup.close();
  }

  static List<LengthBucket> many(List<LengthBucket> buckets) {
    return buckets.stream().filter(bucket -> bucket.count() >= FEWEST_TEXTS).toList();
  }
}
