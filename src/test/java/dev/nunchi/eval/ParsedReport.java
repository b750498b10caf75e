package dev.nunchi.eval;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/// A report as an XML parser sees it, with its charts read back into values.
record ParsedReport(Document document) {

  static ParsedReport of(String html) {
    try {
      DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
      // Silent: a parse error is thrown, and need not stand on standard error too.
      builder.setErrorHandler(null);
      return new ParsedReport(
          builder.parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8))));
    } catch (Exception e) {
      throw new AssertionError("The page is no well-formed XML", e);
    }
  }

  /// All elements of a name in the order of the page.
  Stream<Element> elements(String name) {
    return descendants(document.getDocumentElement(), name);
  }

  /// The only element of a name that has the class.
  Element only(String name, String style) {
    List<Element> found = elements(name).filter(each -> hasClass(each, style)).toList();
    if (found.size() != 1) {
      throw new AssertionError("%d elements %s.%s".formatted(found.size(), name, style));
    }
    return found.getFirst();
  }

  boolean hasSection(String id) {
    return elements("section").anyMatch(each -> each.getAttribute("id").equals(id));
  }

  /// The rows of a table's body, as the texts of their cells.
  List<List<String>> rows(String table) {
    return descendants(only("table", table), "tr")
        .map(row -> descendants(row, "td").map(Element::getTextContent).toList())
        .filter(row -> !row.isEmpty())
        .toList();
  }

  Chart chart(String style) {
    return new Chart(only("svg", style));
  }

  /// A chart with two axes. Values are told from coordinates by its own first and last tick alone,
  /// as a reader tells them.
  record Chart(Element svg) {
    double x(String coordinate) {
      return value(coordinate, "middle", "x", 0);
    }

    double y(String coordinate) {
      // A tick's text stands with its middle at the tick.
      return value(coordinate, "end", "y", -4);
    }

    /// The points of a line as `{x, y}` in values.
    double[][] line(String style) {
      Element line =
          shapes("polyline", style).findFirst().orElseThrow(() -> new AssertionError(style));
      return Arrays.stream(line.getAttribute("points").split(" "))
          .map(point -> point.split(","))
          .map(point -> new double[] {x(point[0]), y(point[1])})
          .toArray(double[][]::new);
    }

    /// The bars as `{left, right, low, high}` in values.
    double[][] bars(String style) {
      return shapes("rect", style)
          .map(bar -> {
            double left = Double.parseDouble(bar.getAttribute("x"));
            double top = Double.parseDouble(bar.getAttribute("y"));
            double right = left + Double.parseDouble(bar.getAttribute("width"));
            double bottom = top + Double.parseDouble(bar.getAttribute("height"));
            return new double[] {x("" + left), x("" + right), y("" + bottom), y("" + top)};
          })
          .toArray(double[][]::new);
    }

    /// The markers as `{x, y}` in values.
    double[][] markers(String style) {
      return shapes("circle", style)
          .map(marker -> new double[] {x(marker.getAttribute("cx")), y(marker.getAttribute("cy"))})
          .toArray(double[][]::new);
    }

    /// The upright lines as `{x, low, high}` in values; those of the legend lie flat.
    double[][] whiskers() {
      return shapes("line", "whisker")
          .filter(line -> line.getAttribute("x1").equals(line.getAttribute("x2")))
          .map(line ->
              new double[] {
                x(line.getAttribute("x1")), y(line.getAttribute("y1")), y(line.getAttribute("y2"))
              })
          .toArray(double[][]::new);
    }

    Stream<Element> shapes(String name, String style) {
      return descendants(svg, name).filter(each -> hasClass(each, style));
    }

    List<String> legend() {
      return shapes("text", "key").map(Element::getTextContent).toList();
    }

    List<String> ticks(String anchor) {
      return shapes("text", "tick")
          .filter(each -> hasClass(each, anchor))
          .map(Element::getTextContent)
          .toList();
    }

    private double value(String coordinate, String anchor, String attribute, double shift) {
      List<Element> ticks = shapes("text", "tick").filter(each -> hasClass(each, anchor)).toList();
      Element first = ticks.getFirst();
      Element last = ticks.getLast();
      double from = Double.parseDouble(first.getAttribute(attribute)) + shift;
      double to = Double.parseDouble(last.getAttribute(attribute)) + shift;
      double share = (Double.parseDouble(coordinate) - from) / (to - from);
      double low = number(first.getTextContent());
      return low + share * (number(last.getTextContent()) - low);
    }

    private static double number(String tick) {
      String digits = tick.replace(",", "").replace("≤", "");
      return digits.endsWith(" %")
          ? Double.parseDouble(digits.substring(0, digits.length() - 2)) / 100
          : Double.parseDouble(digits);
    }
  }

  static boolean hasClass(Element element, String style) {
    return Arrays.asList(element.getAttribute("class").split(" ")).contains(style);
  }

  static Stream<Element> descendants(Element element, String name) {
    NodeList nodes = element.getElementsByTagName(name);
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i));
  }
}
