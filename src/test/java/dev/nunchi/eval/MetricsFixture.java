package dev.nunchi.eval;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.LabelSet;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What scikit-learn and scipy say; `generate_metrics.py` beside the file wrote it.
record MetricsFixture(String scikitLearn, List<Case> cases) {
  static final double TOLERANCE = 1e-12;

  // Read only, and never compared.
  @SuppressWarnings("ArrayRecordComponent")
  record Case(
      String name,
      String[] labels,
      int[] actual,
      double[][] logits,
      double[][] probabilities,
      long[][] confusionMatrix,
      double[] precision,
      double[] recall,
      double[] f1,
      long[] support,
      double @Nullable [] binary,
      double[] micro,
      double[] macro,
      double[] weighted,
      double accuracy,
      double accuracyLow,
      double accuracyHigh,
      double matthewsCorrelation,
      double logLoss,
      double brierScore,
      double expectedCalibrationError,
      double temperature,
      Map<Integer, String> reports) {
    ConfusionMatrix matrix() {
      return result().matrix();
    }

    EvaluationResult result() {
      return EvaluationResult.of(LabelSet.of(labels), actual, probabilities);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> load() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(MetricsFixture.class.getResourceAsStream("metrics.json"))) {
      return JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .build()
          .readValue(in, MetricsFixture.class)
          .cases();
    }
  }
}
