package dev.nunchi.eval;

import dev.nunchi.eval.LearningCurves.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// Learning curves as charts: losses, validation quality, learning rate.
final class LearningCharts {
  private static final double HEIGHT = 270;
  private static final int MOST_POINTS = 240;
  private static final int MOST_MARKERS = 40;

  private final Markup markup;

  LearningCharts(Markup markup) {
    this.markup = markup;
  }

  /// A curve with its name and style.
  private record Series(String name, String style, List<Point> points) {}

  void write(LearningCurves curves) {
    double last =
        Stream.of(
                curves.trainingLoss(),
                curves.validationLoss(),
                curves.validationAccuracy(),
                curves.validationMacroF1(),
                curves.learningRate())
            .flatMap(List::stream)
            .mapToDouble(Point::step)
            .max()
            .orElse(0);
    PlotAxis steps = new PlotAxis("step", 0, Math.max(last, 1), 0, 1, 5, Numbers::shortest);
    chart(
        steps,
        "learning-loss",
        "Loss",
        List.of(
            new Series("training", "s1", averaged(curves.trainingLoss())),
            new Series("validation", "s2", curves.validationLoss())),
        true);
    chart(
        steps,
        "learning-quality",
        "Validation",
        List.of(
            new Series("accuracy", "s2", curves.validationAccuracy()),
            new Series("macro F1", "s3", curves.validationMacroF1())),
        false);
    chart(
        steps,
        "learning-rate",
        "Learning rate",
        List.of(new Series("learning rate", "s1", averaged(curves.learningRate()))),
        true);
  }

  private void chart(PlotAxis steps, String id, String title, List<Series> all, boolean fromZero) {
    List<Series> series = all.stream().filter(each -> !each.points().isEmpty()).toList();
    if (series.isEmpty()) {
      return;
    }
    double high = points(series).mapToDouble(Point::value).max().orElseThrow();
    double low = fromZero ? 0 : points(series).mapToDouble(Point::value).min().orElseThrow();
    if (high - low < 1e-9) {
      low -= fromZero ? 0 : 0.01;
      high += fromZero ? Math.max(high, 1e-6) : 0.01;
    }
    markup.open("figure");
    Plot plot =
        new Plot(
            markup,
            new Plot.Frame(id, title + " over the steps of the training", HEIGHT),
            steps,
            new PlotAxis(title.toLowerCase(Locale.ROOT), low, high, 0, 1, 5, Numbers::shortest)
                .rounded(),
            series.stream().map(each -> new Plot.Key(each.name(), each.style())).toList());
    for (Series each : series) {
      plot.line(
          each.points().stream().map(p -> new double[] {p.step(), p.value()}).toList(),
          each.style());
      if (each.points().size() <= MOST_MARKERS) {
        each.points()
            .forEach(p ->
                plot.marker(
                    p.step(),
                    p.value(),
                    each.style(),
                    "%s at step %s: %s"
                        .formatted(
                            each.name(), Numbers.shortest(p.step()), Numbers.shortest(p.value()))));
      }
    }
    plot.close();
    markup.close();
  }

  private static Stream<Point> points(List<Series> series) {
    return series.stream().flatMap(each -> each.points().stream());
  }

  /// At most 240 points: each the mean of as many that follow each other.
  static List<Point> averaged(List<Point> points) {
    int width = Math.ceilDiv(points.size(), MOST_POINTS);
    List<Point> averaged = new ArrayList<>();
    for (int from = 0; from < points.size(); from += width) {
      List<Point> part = points.subList(from, Math.min(from + width, points.size()));
      averaged.add(
          new Point(
              part.stream().mapToDouble(Point::step).average().orElseThrow(),
              part.stream().mapToDouble(Point::value).average().orElseThrow()));
    }
    return averaged;
  }
}
