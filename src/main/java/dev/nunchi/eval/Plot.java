package dev.nunchi.eval;

import static dev.nunchi.eval.Numbers.coordinate;

import java.util.List;
import java.util.stream.Collectors;

/// A chart with two axes as inline SVG: draws the frame at once, then what it is asked for.
///
/// Colours and dashes hang on classes that the style sheet of the report knows; a series has its
/// own colour, dash and marker, so that none has to be told by colour alone.
final class Plot {
  static final double WIDTH = 440;
  private static final double LEFT = 64;
  private static final double RIGHT = 426;
  private static final double TOP = 34;
  private static final double BELOW = 44;
  private static final double CHARACTER = 7.2;

  private final Markup markup;
  private final PlotAxis x;
  private final PlotAxis y;

  /// One line of a legend.
  ///
  /// @param style class of the series
  record Key(String name, String style) {}

  /// What a chart looks like before its axes are laid out.
  ///
  /// @param id class of the whole
  /// @param description for those who do not see it
  /// @param height of the whole in the drawing's units, of which the width is 440
  record Frame(String id, String description, double height) {
    PlotAxis across(PlotAxis axis) {
      return laid(axis, LEFT, RIGHT);
    }

    PlotAxis up(PlotAxis axis) {
      return laid(axis, height - BELOW, TOP);
    }

    private static PlotAxis laid(PlotAxis axis, double from, double to) {
      return new PlotAxis(
          axis.title(), axis.low(), axis.high(), from, to, axis.ticks(), axis.format());
    }
  }

  Plot(Markup markup, Frame frame, PlotAxis x, PlotAxis y, List<Key> legend) {
    this.markup = markup;
    this.x = frame.across(x);
    this.y = frame.up(y);
    markup.open(
        "svg",
        "class",
        "chart " + frame.id(),
        "viewBox",
        "0 0 %s %s".formatted(coordinate(WIDTH), coordinate(frame.height())),
        "role",
        "img");
    markup.element("title", frame.description());
    legend(legend);
    grid();
  }

  private void legend(List<Key> keys) {
    double at = LEFT;
    for (Key key : keys) {
      line(at, 16, at + 18, 16, key.style());
      text(key.name(), at + 24, 20, "key");
      at += 24 + CHARACTER * key.name().length() + 12;
    }
  }

  private void grid() {
    for (double value : x.tickValues()) {
      double at = x.at(value);
      line(at, y.from(), at, y.to(), "grid");
      text(x.format().apply(value), at, y.from() + 16, "tick middle");
    }
    for (double value : y.tickValues()) {
      double at = y.at(value);
      line(x.from(), at, x.to(), at, "grid");
      text(y.format().apply(value), x.from() - 7, at + 4, "tick end");
    }
    text(x.title(), (x.from() + x.to()) / 2, y.from() + 36, "axis middle");
    markup.element(
        "text",
        y.title(),
        "class",
        "axis middle",
        "transform",
        "translate(13 %s) rotate(-90)".formatted(coordinate((y.from() + y.to()) / 2)));
  }

  double x(double value) {
    return x.at(value);
  }

  double y(double value) {
    return y.at(value);
  }

  /// Joins points.
  ///
  /// @param points as {x, y} in values
  void line(List<double[]> points, String style) {
    markup.empty(
        "polyline",
        "class",
        "line " + style,
        "points",
        points.stream()
            .map(point -> coordinate(x(point[0])) + "," + coordinate(y(point[1])))
            .collect(Collectors.joining(" ")));
  }

  /// A bar between two values on each axis, with a text for who points at it.
  void bar(double left, double right, double low, double high, String style, String title) {
    double top = y(Math.max(low, high));
    markup.open(
        "rect",
        "class",
        style,
        "x",
        coordinate(x(left)),
        "y",
        coordinate(top),
        "width",
        coordinate(x(right) - x(left)),
        "height",
        coordinate(y(Math.min(low, high)) - top));
    markup.element("title", title).close();
  }

  void marker(double atX, double atY, String style, String title) {
    markup.open(
        "circle",
        "class",
        "marker " + style,
        "cx",
        coordinate(x(atX)),
        "cy",
        coordinate(y(atY)),
        "r",
        "3.5");
    markup.element("title", title).close();
  }

  /// A line between two places of the drawing.
  void line(double fromX, double fromY, double toX, double toY, String style) {
    markup.empty(
        "line",
        "class",
        style.equals("grid") ? style : "line " + style,
        "x1",
        coordinate(fromX),
        "y1",
        coordinate(fromY),
        "x2",
        coordinate(toX),
        "y2",
        coordinate(toY));
  }

  /// Text at a place of the drawing.
  void text(String text, double atX, double atY, String style) {
    markup.element("text", text, "class", style, "x", coordinate(atX), "y", coordinate(atY));
  }

  /// Ends the chart, with the axis across over what is drawn.
  void close() {
    line(x.from(), y.from(), x.to(), y.from(), "base");
    markup.close();
  }
}
