package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.eval.ReportFixture.Case;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;

@Isolated("it changes the default locale")
final class HtmlReportTest {
  /// Half a unit of the last digit of a coordinate, in a chart of some 200 units.
  private static final double DRAWN = 1e-4;

  static List<Case> cases() throws IOException {
    return ReportFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_everyCase_isWellFormedAndComplete(Case fixture) {
    EvaluationReport report = fixture.report();
    ParsedReport page = ParsedReport.of(HtmlReport.of(report));
    for (String section : List.of("classes", "pairs", "calibration", "coverage", "lengths")) {
      assertTrue(page.hasSection(section), section);
    }
    assertFalse(page.hasSection("learning"));
    assertEquals(!report.mistakes().isEmpty(), page.hasSection("mistakes"));
    assertEquals(fixture.worst().length, report.mistakes().size());
    assertEquals(
        List.of(
            "texts",
            "accuracy",
            "macro F1",
            "Matthews correlation",
            "log loss",
            "calibration error"),
        page.elements("dt").map(Element::getTextContent).toList());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_everyCase_loadsNothingFromElsewhere(Case fixture) {
    String html = HtmlReport.of(fixture.report());
    for (String reference : List.of("://", "url(", "@import", "<script", "<link", "<img")) {
      assertFalse(html.contains(reference), reference);
    }
    Set<String> attributes = attributes(ParsedReport.of(html));
    assertFalse(attributes.contains("src"));
    assertFalse(attributes.contains("href"));
    assertTrue(html.contains("default-src 'none'"));
  }

  @Test
  void of_hostileTexts_areShownAndDoNothing() {
    String hostile = "</td><script>alert('1')</script> & \"<b onclick='x'>\u0000\u001b\ud800 ]]>";
    LabelSet labels = LabelSet.of("<i>부정", "\"긍정\" & 'style'=");
    List<ScoredText> texts =
        List.of(
            new ScoredText("<id>", hostile, 0, List.of(-1.0, 2.0), 5),
            new ScoredText("2", "좋아요", 1, List.of(-1.0, 2.0), 3));
    ParsedReport page =
        ParsedReport.of(
            HtmlReport.of(
                EvaluationReport.of(
                    new Subject("<script>", "\"onload=", "--></style><a href='x'>"),
                    labels,
                    texts,
                    1.5,
                    LearningCurves.NONE)));
    List<String> row = page.rows("mistakes").getFirst();
    assertEquals(
        "</td><script>alert('1')</script> & \"<b onclick='x'>\ufffd\ufffd\ufffd ]]>",
        row.getFirst());
    assertEquals("<i>부정", row.get(1));
    assertEquals("\"긍정\" & 'style'=", row.get(2));
    assertEquals("<id>", row.getLast());
    assertEquals(0, page.elements("script").count());
    assertEquals(0, page.elements("b").count());
    assertEquals(
        "<script> on --></style><a href='x'>",
        page.elements("h1").findFirst().orElseThrow().getTextContent());
    assertTrue(attributes(page).stream().noneMatch(name -> name.startsWith("on")));
  }

  @Test
  void of_sameReportInAnotherLocale_isTheSameText() throws IOException {
    Case fixture = ReportFixture.load("three classes");
    String first = HtmlReport.of(fixture.report());
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertEquals(first, HtmlReport.of(fixture.report()));
      Locale.setDefault(Locale.GERMANY);
      assertEquals(first, HtmlReport.of(fixture.report()));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void of_styles_knowDarkScreensAndPaper() throws IOException {
    ParsedReport page = ParsedReport.of(HtmlReport.of(cases().getFirst().report()));
    String styles = page.elements("style").findFirst().orElseThrow().getTextContent();
    assertTrue(styles.contains("@media screen and (prefers-color-scheme: dark)"));
    assertTrue(styles.contains("@media print"));
    // In HTML, unlike XML, what is escaped in a style sheet stays escaped.
    assertFalse(styles.matches("(?s).*[<>&].*"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void confusion_everyCell_hasItsCountAndShare(Case fixture) {
    ConfusionMatrix matrix = fixture.report().result().matrix();
    ParsedReport page = ParsedReport.of(HtmlReport.of(fixture.report()));
    List<Element> cells = page.chart("confusion").shapes("rect", "cell").toList();
    List<String> counts =
        page.chart("confusion").shapes("text", "count").map(Element::getTextContent).toList();
    int size = fixture.labels().length;
    assertEquals(size * size, cells.size());
    for (int i = 0; i < cells.size(); i++) {
      long count = matrix.count(i / size, i % size);
      double share = ClassScores.quotient((double) count, (double) matrix.support(i / size));
      String style = cells.get(i).getAttribute("style");
      assertEquals(share, Double.parseDouble(style.substring("--share:".length())), 5e-5);
      assertEquals(
          i / size == i % size ? "cell right" : "cell wrong", cells.get(i).getAttribute("class"));
      assertEquals(Long.toString(count), counts.get(i));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void reliability_everyBar_standsAtItsAccuracy(Case fixture) {
    EvaluationReport report = fixture.report();
    ParsedReport page = ParsedReport.of(HtmlReport.of(report));
    assertBars(page, "before", report.before().reliability());
    assertBars(page, "after", report.after().reliability());
  }

  private static void assertBars(ParsedReport page, String id, Reliability reliability) {
    double[][] bars = page.chart("reliability-" + id).bars("bar");
    double[][] gaps = page.chart("reliability-" + id).bars("gap");
    double[][] counts = page.chart("counts-" + id).bars("bar");
    assertEquals(reliability.bins().size(), bars.length);
    assertEquals(bars.length, gaps.length);
    assertEquals(bars.length, counts.length);
    for (int i = 0; i < bars.length; i++) {
      Reliability.Bin bin = reliability.bins().get(i);
      double low = Math.min(bin.accuracy(), bin.confidence());
      double high = Math.max(bin.accuracy(), bin.confidence());
      double share = (double) bin.count() / reliability.count();
      assertArrayEquals(new double[] {bin.low(), bin.high(), 0, bin.accuracy()}, bars[i], DRAWN);
      assertArrayEquals(new double[] {bin.low(), bin.high(), low, high}, gaps[i], DRAWN);
      assertArrayEquals(new double[] {bin.low(), bin.high(), 0, share}, counts[i], DRAWN);
    }
    assertArrayEquals(
        new double[][] {{0, 0}, {1, 1}}, page.chart("reliability-" + id).line("ideal"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void coverage_everyPoint_liesOnTheCurve(Case fixture) {
    EvaluationReport report = fixture.report();
    ParsedReport page = ParsedReport.of(HtmlReport.of(report));
    double[][] points = page.chart("coverage").line("s1");
    assertEquals(Math.min(200, fixture.actual().length), points.length);
    assertEquals(1, points[points.length - 1][0], DRAWN);
    for (double[] point : points) {
      // The place is rounded in drawing, by less than one text.
      CoverageCurve.Point expected = report.coverage().at(point[0] - 1e-3);
      assertEquals(expected.coverage(), point[0], DRAWN);
      assertEquals(expected.accuracy(), point[1], 3 * DRAWN);
    }
    assertEquals(List.of("this model", "best order"), page.chart("coverage").legend());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lengths_everyBucket_hasItsPointAndInterval(Case fixture) {
    EvaluationReport report = fixture.report();
    ParsedReport.Chart chart = ParsedReport.of(HtmlReport.of(report)).chart("lengths");
    double[][] markers = chart.markers("s1");
    double[][] whiskers = chart.whiskers();
    List<LengthBucket> many = LengthChart.many(report.lengths());
    List<LengthBucket> drawn = many.isEmpty() ? report.lengths() : many;
    assertEquals(drawn.stream().map(bucket -> "≤" + bucket.most()).toList(), chart.ticks("middle"));
    assertEquals(drawn.size(), markers.length);
    assertEquals(markers.length, whiskers.length);
    for (int i = 0; i < markers.length; i++) {
      LengthBucket bucket = drawn.get(i);
      assertEquals(bucket.accuracy(), markers[i][1], DRAWN);
      assertEquals(bucket.interval().low(), whiskers[i][1], DRAWN);
      assertEquals(bucket.interval().high(), whiskers[i][2], DRAWN);
    }
  }

  @Test
  void lengths_ofFewTexts_standInTheTableAlone() {
    List<ScoredText> texts = new ArrayList<>();
    for (int i = 0; i < 39; i++) {
      texts.add(new ScoredText("" + i, "글", i % 2, List.of(0.0, 1.0), i < 20 ? 5 : 12));
    }
    ParsedReport page =
        ParsedReport.of(
            HtmlReport.of(
                EvaluationReport.of(
                    new Subject("m", "r", "d"),
                    LabelSet.of("a", "b"),
                    texts,
                    1,
                    LearningCurves.NONE)));
    assertEquals(List.of("≤8"), page.chart("lengths").ticks("middle"));
    assertEquals(
        List.of("1–8", "9–16"), page.rows("lengths").stream().map(List::getFirst).toList());
  }

  @Test
  void learning_curves_areDrawnWhereTheyAreKnown() throws IOException {
    List<LearningCurves.Point> losses =
        IntStream.rangeClosed(1, 100)
            .mapToObj(i -> new LearningCurves.Point(10 * i, 0.7 / Math.sqrt(i)))
            .toList();
    LearningCurves curves =
        new LearningCurves(
            losses,
            List.of(new LearningCurves.Point(500, 0.31), new LearningCurves.Point(1000, 0.28)),
            List.of(new LearningCurves.Point(500, 0.85), new LearningCurves.Point(1000, 0.88)),
            List.of(),
            List.of(new LearningCurves.Point(0, 0), new LearningCurves.Point(1000, 2e-4)));
    ParsedReport page = ParsedReport.of(HtmlReport.of(withCurves(curves)));
    assertTrue(page.hasSection("learning"));
    double[][] training = page.chart("learning-loss").line("s1");
    assertEquals(100, training.length);
    for (int i = 0; i < training.length; i++) {
      assertEquals(losses.get(i).step(), training[i][0], 1);
      assertEquals(losses.get(i).value(), training[i][1], 5e-4);
    }
    assertEquals(List.of("training", "validation"), page.chart("learning-loss").legend());
    double[][] validation = page.chart("learning-quality").markers("s2");
    assertEquals(0.85, validation[0][1], DRAWN);
    assertEquals(0.88, validation[1][1], DRAWN);
    assertEquals(List.of("accuracy"), page.chart("learning-quality").legend());
    double[][] rate = page.chart("learning-rate").line("s1");
    assertEquals(2e-4, rate[1][1], 1e-6);
  }

  @Test
  void learning_flatOrSingle_isDrawnToo() throws IOException {
    List<LearningCurves.Point> one = List.of(new LearningCurves.Point(0, 0));
    LearningCurves curves =
        new LearningCurves(one, List.of(), List.of(new LearningCurves.Point(5, 1)), List.of(), one);
    ParsedReport page = ParsedReport.of(HtmlReport.of(withCurves(curves)));
    assertEquals(0, page.chart("learning-loss").line("s1")[0][1], DRAWN);
    assertEquals(1, page.chart("learning-quality").markers("s2")[0][1], DRAWN);
  }

  @Test
  void averaged_manySteps_keepsTheMean() {
    List<LearningCurves.Point> points =
        IntStream.range(0, 100_000).mapToObj(i -> new LearningCurves.Point(i, i % 2)).toList();
    List<LearningCurves.Point> averaged = LearningCharts.averaged(points);
    assertTrue(averaged.size() <= 240 && averaged.size() > 200);
    averaged.forEach(point -> assertEquals(0.5, point.value(), 0.01));
    assertEquals(List.of(), LearningCharts.averaged(List.of()));
  }

  @Test
  void mistakes_table_isInOrderWithEveryScore() throws IOException {
    Case fixture = ReportFixture.load("three classes");
    EvaluationReport report = fixture.report();
    List<List<String>> rows = ParsedReport.of(HtmlReport.of(report)).rows("mistakes");
    assertEquals(report.mistakes().size(), rows.size());
    for (int i = 0; i < rows.size(); i++) {
      Mistake mistake = report.mistakes().get(i);
      List<String> row = rows.get(i);
      assertEquals("문장 " + mistake.text().id(), row.getFirst());
      assertEquals(fixture.labels()[mistake.text().actual()], row.get(1));
      assertEquals(fixture.labels()[mistake.predicted()], row.get(2));
      assertEquals(
          mistake.confidence(), Double.parseDouble(row.get(3 + mistake.predicted())), 5e-5);
      assertEquals(mistake.text().id(), row.getLast());
    }
  }

  @Test
  void mistakes_longText_isCutAtAWholeCharacter() {
    String text = "😀".repeat(500);
    EvaluationReport report =
        EvaluationReport.of(
            new Subject("m", "r", "d"),
            LabelSet.of("a", "b"),
            List.of(new ScoredText("1", text, 0, List.of(0.0, 1.0), 500)),
            1,
            LearningCurves.NONE);
    assertEquals(
        "😀".repeat(400) + "…",
        ParsedReport.of(HtmlReport.of(report)).rows("mistakes").getFirst().getFirst());
  }

  @Test
  void pairs_table_showsCountsAndShares() throws IOException {
    Case fixture = ReportFixture.load("four classes");
    List<List<String>> rows = ParsedReport.of(HtmlReport.of(fixture.report())).rows("pairs");
    assertEquals(fixture.confusedPairs().length, rows.size());
    double[] first = fixture.confusedPairs()[0];
    assertEquals(
        List.of(
            fixture.labels()[(int) first[0]],
            fixture.labels()[(int) first[1]],
            Long.toString((long) first[2]),
            Numbers.percent(first[3], 2),
            Numbers.percent(first[4], 2)),
        rows.getFirst());
  }

  private static EvaluationReport withCurves(LearningCurves curves) throws IOException {
    Case fixture = ReportFixture.load("binary");
    return EvaluationReport.of(
        new Subject("tiny", "sha256:00", "test.tsv"),
        fixture.labelSet(),
        fixture.texts(),
        fixture.temperature(),
        curves);
  }

  private static Set<String> attributes(ParsedReport page) {
    return page.elements("*")
        .map(Element::getAttributes)
        .flatMap(
            all -> IntStream.range(0, all.getLength()).mapToObj(i -> all.item(i).getNodeName()))
        .collect(Collectors.toSet());
  }
}
