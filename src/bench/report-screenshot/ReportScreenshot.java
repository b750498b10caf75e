import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/// Renders the charts of a report in Chromium and looks for what they should show.
final class ReportScreenshot {
  private static final int WIDTH = 880;
  private static final double SCALE = WIDTH / 440.0;
  private static final int TOLERANCE = 10;
  private static final Pattern CHART =
      Pattern.compile("<svg class=\"chart ([\\w-]+)\".*?</svg>", Pattern.DOTALL);
  private static final Pattern STYLE = Pattern.compile("<style>(.*?)</style>", Pattern.DOTALL);

  /// The colours of report.css.
  private record Theme(String name, Color page, Map<String, Color> hues, double heat) {
    Color over(String hue, double opacity) {
      Color top = hues.get(hue);
      return new Color(
          mixed(top.getRed(), page.getRed(), opacity),
          mixed(top.getGreen(), page.getGreen(), opacity),
          mixed(top.getBlue(), page.getBlue(), opacity));
    }

    private static int mixed(int top, int below, double opacity) {
      return (int) Math.round(opacity * top + (1 - opacity) * below);
    }
  }

  private static final List<Theme> THEMES =
      List.of(
          new Theme(
              "light",
              new Color(0xffffff),
              Map.of(
                  "s1", new Color(0x0072b2),
                  "s2", new Color(0xc24e00),
                  "s3", new Color(0x00795a)),
              0.6),
          new Theme(
              "dark",
              new Color(0x14181d),
              Map.of(
                  "s1", new Color(0x56b4e9),
                  "s2", new Color(0xf0903a),
                  "s3", new Color(0x3fc79a)),
              0.5));

  private final String chromium;
  private final Path report;
  private final Path directory;
  private final List<String> missing = new ArrayList<>();
  private int checked;

  private ReportScreenshot(String chromium, Path report, Path directory) {
    this.chromium = chromium;
    this.report = report;
    this.directory = directory;
  }

  public static void main(String[] arguments) throws Exception {
    ReportScreenshot run =
        new ReportScreenshot(arguments[0], Path.of(arguments[1]), Path.of(arguments[2]));
    run.check();
    System.out.printf("%d shapes looked for, %d not painted%n", run.checked, run.missing.size());
    run.missing.forEach(System.out::println);
    System.exit(run.checked > 0 && run.missing.isEmpty() ? 0 : 1);
  }

  private void check() throws Exception {
    String html = Files.readString(report);
    Matcher style = STYLE.matcher(html);
    style.find();
    for (Theme theme : THEMES) {
      shoot(report, "page-" + theme.name(), theme, 1100, 4600);
      Matcher charts = CHART.matcher(html);
      while (charts.find()) {
        Path page = directory.resolve(charts.group(1) + ".html");
        Files.writeString(
            page,
            "<!DOCTYPE html><meta charset='utf-8'><style>%s</style><body style='%s'>%s"
                .formatted(
                    style.group(1),
                    "margin:0;padding:0;max-width:none;width:%dpx".formatted(WIDTH),
                    charts.group()));
        String name = charts.group(1) + "-" + theme.name();
        BufferedImage image = shoot(page, name, theme, WIDTH, 900);
        check(name, parse(charts.group()), image, theme);
      }
    }
    shoot(report, "phone", THEMES.getFirst(), 500, 9000);
  }

  private void check(String name, Element svg, BufferedImage image, Theme theme) {
    int before = checked;
    List<Element> gaps = shapes(svg, "rect", "gap").toList();
    List<Element> bars = shapes(svg, "rect", "bar").toList();
    for (int i = 0; i < bars.size(); i++) {
      double top = number(bars.get(i), "y");
      double bottom = top + number(bars.get(i), "height");
      if (!gaps.isEmpty()) {
        // Only what no gap lies over has the bar's colour.
        top = Math.max(top, number(gaps.get(i), "y") + number(gaps.get(i), "height"));
      }
      if (bottom - top > 4) {
        double x = number(bars.get(i), "x") + number(bars.get(i), "width") / 2;
        look(name + " bar " + i, image, x, (top + bottom) / 2, 3, theme.over("s1", 0.75));
      }
    }
    for (Element gap : gaps) {
      // Wider than the border that the bars have.
      if (number(gap, "height") > 4) {
        double x = number(gap, "x") + number(gap, "width") / 2;
        double y = number(gap, "y") + number(gap, "height") / 2;
        String hue = gap.getAttribute("class").contains("over") ? "s2" : "s3";
        look(name + " gap", image, x, y, 2, theme.over(hue, 1));
      }
    }
    for (Element cell : shapes(svg, "rect", "cell").toList()) {
      double share = Double.parseDouble(cell.getAttribute("style").substring("--share:".length()));
      Color colour =
          theme.over(
              cell.getAttribute("class").contains("right") ? "s1" : "s2", share * theme.heat());
      look(name + " cell", image, number(cell, "x") + 5, number(cell, "y") + 5, 0, colour);
    }
    for (String series : List.of("s1", "s2", "s3")) {
      for (Element marker : shapes(svg, "circle", series).toList()) {
        look(
            name + " point",
            image,
            number(marker, "cx"),
            number(marker, "cy"),
            2,
            theme.over(series, 1));
      }
      for (Element line : shapes(svg, "polyline", series).toList()) {
        // Dashes leave gaps, so that a corner may lie in one.
        int radius = series.equals("s1") ? 3 : 16;
        lookAlong(name, image, line, radius, theme.over(series, 1));
      }
    }
    for (Element line : shapes(svg, "line", "whisker").toList()) {
      double x = (number(line, "x1") + number(line, "x2")) / 2;
      double y = (3 * number(line, "y1") + number(line, "y2")) / 4;
      look(name + " interval", image, x, y, 3, theme.over("s1", 1));
    }
    System.out.printf("%s: %d shapes%n", name, checked - before);
  }

  /// Looks for a line at its corners; another may lie over some of them.
  private void lookAlong(String what, BufferedImage image, Element line, int radius, Color colour) {
    String[] corners = line.getAttribute("points").split(" ");
    long painted =
        Stream.of(corners)
            .map(corner -> corner.split(","))
            .filter(place ->
                painted(
                    image,
                    Double.parseDouble(place[0]),
                    Double.parseDouble(place[1]),
                    radius,
                    colour))
            .count();
    checked++;
    if (painted < 0.95 * corners.length) {
      missing.add("%s line: %d of %d corners".formatted(what, painted, corners.length));
    }
  }

  /// Looks for a colour near a place of the drawing.
  private void look(
      String what, BufferedImage image, double x, double y, int radius, Color colour) {
    checked++;
    if (!painted(image, x, y, radius, colour)) {
      missing.add("%s at %.1f, %.1f: no %06x".formatted(what, x, y, colour.getRGB() & 0xffffff));
    }
  }

  private static boolean painted(
      BufferedImage image, double x, double y, int radius, Color colour) {
    int centreX = (int) Math.round(x * SCALE);
    int centreY = (int) Math.round(y * SCALE);
    return IntStream.rangeClosed(-radius, radius)
        .anyMatch(dx ->
            IntStream.rangeClosed(-radius, radius)
                .anyMatch(dy -> near(image, centreX + dx, centreY + dy, colour)));
  }

  private static boolean near(BufferedImage image, int x, int y, Color colour) {
    if (x < 0 || y < 0 || x >= image.getWidth() || y >= image.getHeight()) {
      return false;
    }
    Color found = new Color(image.getRGB(x, y));
    return Math.abs(found.getRed() - colour.getRed()) <= TOLERANCE
        && Math.abs(found.getGreen() - colour.getGreen()) <= TOLERANCE
        && Math.abs(found.getBlue() - colour.getBlue()) <= TOLERANCE;
  }

  private BufferedImage shoot(Path page, String name, Theme theme, int width, int height)
      throws IOException, InterruptedException {
    Path picture = directory.resolve(name + ".png");
    Path profile = Files.createTempDirectory("chromium");
    Process process =
        new ProcessBuilder(
                chromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--force-device-scale-factor=1",
                "--blink-settings=preferredColorScheme=" + (theme.name().equals("dark") ? 0 : 1),
                "--user-data-dir=" + profile,
                "--window-size=%d,%d".formatted(width, height),
                "--screenshot=" + picture,
                page.toUri().toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(chromium + " ended with " + process.exitValue());
    }
    return ImageIO.read(picture.toFile());
  }

  private static Element parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)))
        .getDocumentElement();
  }

  private static Stream<Element> shapes(Element svg, String element, String style) {
    NodeList nodes = svg.getElementsByTagName(element);
    return IntStream.range(0, nodes.getLength())
        .mapToObj(i -> (Element) nodes.item(i))
        .filter(each -> List.of(each.getAttribute("class").split(" ")).contains(style));
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }
}
