package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Against `generate_regression.py`, which asks scikit-learn and SciPy.
final class RegressionTest {
  private static final Path FIXTURE = Path.of("src/test/resources/dev/nunchi/eval/regression.json");

  static List<JsonNode> cases() throws IOException {
    return StreamSupport.stream(new ObjectMapper().readTree(FIXTURE.toFile()).spliterator(), false)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void result_everyFigure_isThatOfScikitLearnAndSciPy(JsonNode fixture) {
    RegressionResult result =
        RegressionResult.of(numbers(fixture, "actual"), numbers(fixture, "answers"));
    List<String> names = new ArrayList<>();
    fixture.get("metrics").fieldNames().forEachRemaining(names::add);
    assertEquals(names, List.copyOf(result.metrics().keySet()));
    for (String name : names) {
      double expected = fixture.get("metrics").get(name).doubleValue();
      assertEquals(
          expected,
          result.metrics().getOrDefault(name, Double.NaN),
          1e-12 * Math.max(1, Math.abs(expected)),
          name);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void linearFit_whereItHelps_isLeastSquares(JsonNode fixture) {
    double[] actual = numbers(fixture, "actual");
    double[] answers = numbers(fixture, "answers");
    LinearFit fit = LinearFit.of(actual, answers);
    if (!fit.equals(LinearFit.NONE)) {
      assertEquals(fixture.get("scale").doubleValue(), fit.scale(), 1e-12);
      assertEquals(fixture.get("offset").doubleValue(), fit.offset(), 1e-12);
      double before = metric(actual, answers);
      assertTrue(metric(actual, apply(fit, answers)) < before);
    }
    assertEquals(
        fixture.get("name").textValue().equals("few"), fit.equals(LinearFit.NONE), fit::toString);
  }

  @Test
  void linearFit_answersThatNeedNone_areLeftAlone() {
    int changed = 0;
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      double[] answers = random.doubles(40, -1, 1).toArray();
      double[] actual =
          IntStream.range(0, 40).mapToDouble(i -> answers[i] + random.nextGaussian() / 2).toArray();
      changed += LinearFit.of(actual, answers).equals(LinearFit.NONE) ? 0 : 1;
    }
    assertTrue(changed < 20, changed + " of 50 are changed");
  }

  @Test
  void linearFit_answersThatAreAllEqualOrUpsideDown_areLeftAlone() {
    double[] actual = {1, 2, 3, 4, 5, 6};
    assertEquals(LinearFit.NONE, LinearFit.of(actual, new double[] {3, 3, 3, 3, 3, 3}));
    assertEquals(LinearFit.NONE, LinearFit.of(actual, new double[] {6, 5, 4, 3, 2, 1}));
    assertEquals(LinearFit.NONE, LinearFit.of(new double[] {1}, new double[] {3}));
  }

  @Test
  void result_nothingThatVaries_hasNoCorrelation() {
    RegressionResult result =
        RegressionResult.of(new double[] {1, 2, 3, 4}, new double[] {2, 2, 2, 2});
    assertEquals(0, result.metrics().get("pearson"));
    assertEquals(0, result.metrics().get("spearman"));
    assertTrue(Cautions.of(result).getLast().startsWith("Answers that have nothing to do with"));
    RegressionResult one = RegressionResult.of(new double[] {1}, new double[] {1});
    assertEquals(1, one.metrics().get("r2"));
    assertEquals(-1, one.metrics().get("pearson_low"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void html_everyCase_isWellFormedAndShowsItsFigures(JsonNode fixture) {
    double[] actual = numbers(fixture, "actual");
    double[] answers = numbers(fixture, "answers");
    List<ValuedText> texts =
        IntStream.range(0, actual.length)
            .mapToObj(i -> new ValuedText("id" + i, "글 <b>" + i, actual[i], answers[i], 5))
            .toList();
    RegressionReport report =
        RegressionReport.of(
            new Subject("모델", "sha256:0", "test.tsv"), "polarity", texts, LearningCurves.NONE);
    ParsedReport page = ParsedReport.of(RegressionHtmlReport.of(report));
    assertEquals(Math.min(10, actual.length), page.rows("calibration").size());
    assertEquals(
        Math.min(10, actual.length),
        page.elements("circle").filter(each -> ParsedReport.hasClass(each, "marker")).count());
    List<List<String>> mistakes = page.rows("mistakes");
    assertEquals(
        "%.4f"
            .formatted(
                IntStream.range(0, actual.length)
                    .mapToDouble(i -> Math.abs(answers[i] - actual[i]))
                    .max()
                    .orElseThrow()),
        mistakes.getFirst().get(3).replace("-", ""));
  }

  @Test
  void html_oneText_isWellFormed() {
    RegressionReport report =
        RegressionReport.of(
            new Subject("m", "", "d"),
            "value",
            List.of(new ValuedText("1", "글", 2, 2, 3)),
            LearningCurves.NONE);
    assertEquals(1, ParsedReport.of(RegressionHtmlReport.of(report)).rows("calibration").size());
  }

  private static double metric(double[] actual, double[] answers) {
    return RegressionResult.of(actual, answers).metrics().getOrDefault("mse", Double.NaN);
  }

  private static double[] apply(LinearFit fit, double[] answers) {
    return IntStream.range(0, answers.length).mapToDouble(i -> fit.apply(answers[i])).toArray();
  }

  private static double[] numbers(JsonNode fixture, String name) {
    return fixture.get(name).valueStream().mapToDouble(JsonNode::doubleValue).toArray();
  }
}
