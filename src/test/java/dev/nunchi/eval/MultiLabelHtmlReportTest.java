package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.eval.MultiLabelFixture.Case;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;

final class MultiLabelHtmlReportTest {
  static List<Case> cases() throws IOException {
    return MultiLabelFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_everyCase_isWellFormedAndShowsEveryLabel(Case fixture) {
    String html = MultiLabelHtmlReport.of(fixture.report());
    ParsedReport page = ParsedReport.of(html);
    List<String> labels = List.of(fixture.labels());
    assertEquals(labels, page.rows("classes").stream().map(List::getFirst).toList());
    assertEquals(labels, page.elements("h3").map(Element::getTextContent).toList());
    List<Element> matrices =
        page.elements("table").filter(each -> ParsedReport.hasClass(each, "binary")).toList();
    for (int label = 0; label < labels.size(); label++) {
      List<String> cells =
          ParsedReport.descendants(matrices.get(label), "td").map(Element::getTextContent).toList();
      long[] counts = fixture.matrices()[label];
      assertTrue(cells.get(1).startsWith(counts[0] + " ("), cells.toString());
      assertTrue(cells.get(2).startsWith(counts[1] + " ("), cells.toString());
      assertTrue(cells.get(4).startsWith(counts[2] + " ("), cells.toString());
      assertTrue(cells.get(5).startsWith(counts[3] + " ("), cells.toString());
    }
    double[][] bars = page.chart("reliability-after").bars("bar");
    assertEquals(fixture.after().accuracies().length, bars.length);
    for (int i = 0; i < bars.length; i++) {
      assertEquals(fixture.after().accuracies()[i], bars[i][3], 1e-4);
    }
    assertFalse(html.contains("://"));
  }
}
