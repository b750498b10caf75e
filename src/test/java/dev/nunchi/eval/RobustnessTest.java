package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RobustnessTest {
  private static final Robustness TWO =
      new Robustness(
          0.9,
          List.of(
              new Robustness.Kind("emoji", 1, 0.88, 0.03),
              new Robustness.Kind("jamo_split", 0.5, 0.6, 0.33)));

  @Test
  void mean_twoKinds_isThePlainMean() {
    Robustness.Kind mean = TWO.mean();
    assertEquals(0.75, mean.changed(), 1e-12);
    assertEquals(0.74, mean.accuracy(), 1e-12);
    assertEquals(0.18, mean.flips(), 1e-12);
    assertEquals(0.16, TWO.drop(mean), 1e-12);
    assertEquals(0.3, TWO.drop(TWO.kinds().getLast()), 1e-12);
  }

  @Test
  void agreement_setsOfLabels_countsEqualOnes() {
    assertEquals(
        0.5,
        Robustness.agreement(
            List.of(Set.of("a"), Set.of(), Set.of("a", "b"), Set.of("b")),
            List.of(Set.of("a"), Set.of(), Set.of("a"), Set.of("a"))));
    assertThrows(IllegalArgumentException.class, () -> Robustness.agreement(List.of(), List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> Robustness.agreement(List.of(Set.of()), List.of(Set.of(), Set.of())));
  }

  @Test
  void section_withNoise_isATableOfEveryKindAndTheMean() throws IOException {
    List<List<String>> expected =
        List.of(
            List.of("emoji", "100.0 %", "88.00 %", "2.00", "3.00 %"),
            List.of("jamo_split", "50.0 %", "60.00 %", "30.00", "33.00 %"),
            List.of("mean", "75.0 %", "74.00 %", "16.00", "18.00 %"));
    EvaluationReport single = HtmlReportTest.cases().getFirst().report();
    MultiLabelReport multi = MultiLabelFixture.load().getFirst().report();
    for (String html :
        List.of(HtmlReport.of(single, TWO, null), MultiLabelHtmlReport.of(multi, TWO, null))) {
      assertTrue(ParsedReport.of(html).hasSection("noise"));
      List<List<String>> rows =
          ParsedReport.of(html).rows("noise").stream()
              .map(row -> row.stream().map(cell -> cell.replace('\u00A0', ' ')).toList())
              .toList();
      assertEquals(expected, rows);
    }
    assertFalse(ParsedReport.of(HtmlReport.of(single)).hasSection("noise"));
    assertFalse(ParsedReport.of(MultiLabelHtmlReport.of(multi)).hasSection("noise"));
  }
}
