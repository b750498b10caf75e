package dev.nunchi.eval;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.LabelSet;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What scikit-learn, scipy and the formulas say; `generate_report.py` beside the file wrote it.
record ReportFixture(String scikitLearn, List<Case> cases) {
  static final double TOLERANCE = 1e-12;

  record Case(
      String name,
      String[] labels,
      int[] actual,
      double[][] logits,
      int[] tokens,
      double temperature,
      Figures before,
      Figures after,
      Coverage coverage,
      double[][] lengths,
      double[][] confusedPairs,
      int[] worst) {
    LabelSet labelSet() {
      return LabelSet.of(labels);
    }

    double[][] probabilities() {
      return Calibration.probabilities(logits, temperature);
    }

    List<ScoredText> texts() {
      return IntStream.range(0, actual.length)
          .mapToObj(row ->
              new ScoredText(
                  Integer.toString(row),
                  "문장 " + row,
                  actual[row],
                  DoubleStream.of(logits[row]).boxed().toList(),
                  tokens[row]))
          .toList();
    }

    EvaluationReport report() {
      return EvaluationReport.of(
          new Subject("tiny", "sha256:00", "test.tsv"),
          labelSet(),
          texts(),
          temperature,
          LearningCurves.NONE);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /// Of a [Calibration]; the bins as columns.
  record Figures(
      double temperature,
      double logLoss,
      double brierScore,
      double expectedCalibrationError,
      double maximumCalibrationError,
      long[] counts,
      double[] confidences,
      double[] accuracies) {}

  record Coverage(
      double aurc,
      double eAurc,
      double[] accuracies,
      double[] thresholds,
      Map<Double, @Nullable Double> coverageAt) {}

  static List<Case> load() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ReportFixture.class.getResourceAsStream("report.json"))) {
      return JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .build()
          .readValue(in, ReportFixture.class)
          .cases();
    }
  }

  static Case load(String name) throws IOException {
    return load().stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }
}
