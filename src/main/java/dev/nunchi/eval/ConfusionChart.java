package dev.nunchi.eval;

import static dev.nunchi.eval.Numbers.coordinate;

import dev.nunchi.LabelSet;

/// A confusion matrix as a heat map: each cell with its count and its share of the row; right
/// answers in one hue, wrong ones in another.
final class ConfusionChart {
  private static final double LEFT = 96;
  private static final double TOP = 56;
  private static final double SIDE = 336;
  private static final double MOST_HEIGHT = 84;
  private static final int MOST_WITH_SHARES = 8;
  private static final int MOST_WITH_COUNTS = 12;
  private static final int LONGEST_NAME = 9;

  private final Markup markup;

  ConfusionChart(Markup markup) {
    this.markup = markup;
  }

  void write(ConfusionMatrix matrix) {
    LabelSet labels = matrix.labels();
    double width = SIDE / labels.size();
    double height = Math.min(width, MOST_HEIGHT);
    markup.open("figure");
    markup.open(
        "svg",
        "class",
        "chart confusion",
        "viewBox",
        "0 0 440 " + coordinate(TOP + labels.size() * height + 8),
        "role",
        "img");
    markup.element("title", "Confusion matrix: actual labels in rows, predicted ones in columns");
    text("predicted", LEFT + SIDE / 2, 16, "axis middle");
    markup.element(
        "text",
        "actual",
        "class",
        "axis middle",
        "transform",
        "translate(13 %s) rotate(-90)".formatted(coordinate(TOP + labels.size() * height / 2)));
    for (int label = 0; label < labels.size(); label++) {
      String name = shortened(labels.get(label).name());
      text(name, LEFT + (label + 0.5) * width, TOP - 12, "tick middle");
      text(name, LEFT - 8, TOP + (label + 0.5) * height + 4, "tick end");
    }
    for (int actual = 0; actual < labels.size(); actual++) {
      for (int predicted = 0; predicted < labels.size(); predicted++) {
        cell(matrix, actual, predicted, width, height);
      }
    }
    markup.close().close();
  }

  private void cell(
      ConfusionMatrix matrix, int actual, int predicted, double width, double height) {
    long count = matrix.count(actual, predicted);
    double share = ClassScores.quotient((double) count, (double) matrix.support(actual));
    double x = LEFT + predicted * width;
    double y = TOP + actual * height;
    markup.open(
        "rect",
        "class",
        actual == predicted ? "cell right" : "cell wrong",
        "x",
        coordinate(x + 1),
        "y",
        coordinate(y + 1),
        "width",
        coordinate(width - 2),
        "height",
        coordinate(height - 2),
        "style",
        "--share:" + Numbers.fixed(share, 4));
    markup
        .element(
            "title",
            "%s predicted as %s: %s, %s"
                .formatted(
                    matrix.labels().get(actual).name(),
                    matrix.labels().get(predicted).name(),
                    Numbers.count(count),
                    Numbers.percent(share, 2)))
        .close();
    double middle = y + height / 2;
    if (matrix.labels().size() <= MOST_WITH_SHARES) {
      text(Numbers.count(count), x + width / 2, middle - 1, "count middle");
      text(Numbers.percent(share, 1), x + width / 2, middle + 14, "share middle");
    } else if (matrix.labels().size() <= MOST_WITH_COUNTS) {
      text(Numbers.count(count), x + width / 2, middle + 4, "count small middle");
    }
  }

  private void text(String text, double x, double y, String style) {
    markup.element("text", text, "class", style, "x", coordinate(x), "y", coordinate(y));
  }

  /// Long names stand whole in the tables.
  private static String shortened(String name) {
    return name.codePointCount(0, name.length()) <= LONGEST_NAME
        ? name
        : name.substring(0, name.offsetByCodePoints(0, LONGEST_NAME - 1)) + "…";
  }
}
