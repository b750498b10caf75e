package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  @Test
  void of_predictionsOfTwoModels_countsSetsThatAreExactlyRight() {
    List<Set<String>> actual = List.of(Set.of("a"), Set.of("b"), Set.of("a", "b"), Set.of());
    PairedOutcomes outcomes =
        Comparison.of(
                "other",
                "sha256:0",
                actual,
                List.of(Set.of("a"), Set.of("b"), Set.of("a"), Set.of()),
                List.of(Set.of("a"), Set.of("a"), Set.of("a"), Set.of("b")))
            .outcomes();
    assertEquals(new PairedOutcomes(1, 2, 0, 1), outcomes);
    assertEquals(4, outcomes.count());
    assertEquals(0.75, outcomes.firstAccuracy());
    assertEquals(0.25, outcomes.secondAccuracy());
    assertEquals(0.5, outcomes.difference());
    assertThrows(
        IllegalArgumentException.class, () -> PairedOutcomes.of(new boolean[1], new boolean[2]));
    assertThrows(
        IllegalArgumentException.class, () -> PairedOutcomes.of(new boolean[0], new boolean[0]));
  }

  /// By hand: twice the binomial tail, so 2 (1 + 9) / 2^9 for one of nine … the last two with whole
  /// numbers of any size in Python.
  @Test
  void mcNemar_fewAndMany_equalsTheBinomialTail() {
    assertEquals(1, alone(0, 0).mcNemar());
    assertEquals(1, alone(10, 10).mcNemar());
    assertEquals(0.015625, alone(0, 7).mcNemar(), 1e-15);
    assertEquals(0.21875, alone(5, 1).mcNemar(), 1e-15);
    assertEquals(0.012939453125, alone(12, 2).mcNemar(), 1e-15);
    assertEquals(0.012939453125, alone(2, 12).mcNemar(), 1e-15);
    assertEquals(0.011050481081930009, alone(300, 240).mcNemar(), 1e-12);
    assertEquals(2.5781536783761872e-08, alone(812, 602).mcNemar(), 1e-19);
  }

  /// The first is the example of Newcombe's article: 0.0569 to 0.3404.
  @Test
  void interval_pairedCounts_isNewcombes() {
    assertInterval(0.05692958400323875, 0.3404276029749406, new PairedOutcomes(36, 12, 2, 0));
    assertInterval(0.1528395178558574, 0.41665123695956563, new PairedOutcomes(36, 14, 0, 0));
    assertInterval(-0.0664135880908964, 0.0664135880908964, new PairedOutcomes(0, 0, 0, 54));
    assertInterval(-0.06866534715158022, 0.06866534715158022, new PairedOutcomes(3, 0, 0, 51));
    assertInterval(-0.18826863484528833, -0.015105503527318959, new PairedOutcomes(2, 4, 14, 80));
    assertInterval(0.8736721762007448, 0.9850257703740076, new PairedOutcomes(1, 97, 1, 1));
  }

  @Property
  void interval_anyCounts_holdsTheDifferenceAndTurnsWithTheModels(
      @ForAll @IntRange(max = 200) int both,
      @ForAll @IntRange(max = 200) int first,
      @ForAll @IntRange(max = 200) int second,
      @ForAll @IntRange(min = 1, max = 200) int neither) {
    PairedOutcomes outcomes = new PairedOutcomes(both, first, second, neither);
    DifferenceInterval interval = outcomes.interval();
    assertTrue(-1 <= interval.low() && interval.high() <= 1);
    assertTrue(interval.low() <= outcomes.difference());
    assertTrue(outcomes.difference() <= interval.high());
    DifferenceInterval turned = new PairedOutcomes(both, second, first, neither).interval();
    assertEquals(interval.low(), -turned.high(), 1e-12);
    assertEquals(interval.high(), -turned.low(), 1e-12);
    assertTrue(outcomes.mcNemar() > 0 && outcomes.mcNemar() <= 1);
  }

  @Test
  void verdict_likelyAmongEqualModels_namesNone() {
    assertEquals("these texts do not tell which is better", compared(5, 1).verdict());
    assertEquals("this model is better", compared(12, 2).verdict());
    assertEquals("other is better", compared(2, 12).verdict());
    assertEquals("0.0129", compared(12, 2).probability());
    assertEquals("2.6e-08", compared(812, 602).probability());
  }

  @Test
  void section_withAnotherModel_isATableOfBoth() throws IOException {
    EvaluationReport single = HtmlReportTest.cases().getFirst().report();
    MultiLabelReport multi = MultiLabelFixture.load().getFirst().report();
    Comparison comparison = compared(12, 2);
    for (String html :
        List.of(
            HtmlReport.of(single, Robustness.NONE, comparison),
            MultiLabelHtmlReport.of(multi, Robustness.NONE, comparison))) {
      assertEquals(
          List.of(List.of("this model right", "20", "12"), List.of("this model wrong", "2", "6")),
          ParsedReport.of(html).rows("comparison"));
      assertTrue(
          html.contains("Accuracy 80.00 % against 55.00 %: 25.00 points more"), "of 40 texts");
    }
    assertFalse(ParsedReport.of(HtmlReport.of(single)).hasSection("comparison"));
    assertFalse(ParsedReport.of(MultiLabelHtmlReport.of(multi)).hasSection("comparison"));
  }

  private static void assertInterval(double low, double high, PairedOutcomes outcomes) {
    assertEquals(low, outcomes.interval().low(), 1e-14);
    assertEquals(high, outcomes.interval().high(), 1e-14);
  }

  private static PairedOutcomes alone(int first, int second) {
    return new PairedOutcomes(3, first, second, 4);
  }

  private static Comparison compared(int first, int second) {
    return new Comparison("other", "sha256:0", new PairedOutcomes(20, first, second, 6));
  }
}
