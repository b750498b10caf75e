package dev.nunchi.eval;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.LabelSet;
import dev.nunchi.eval.ReportFixture.Figures;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What scikit-learn and scipy say; `generate_multi_label.py` beside the file wrote it.
record MultiLabelFixture(String scikitLearn, List<Case> cases) {
  record Case(
      String name,
      String[] labels,
      boolean[][] actual,
      double[][] logits,
      double temperature,
      Map<String, Double> metrics,
      long[][] matrices,
      double[] precision,
      double[] recall,
      double[] f1,
      long[] support,
      Figures before,
      Figures after) {
    MultiLabelReport report() {
      return MultiLabelReport.of(
          new Subject("tiny", "sha256:00", "test.tsv"),
          LabelSet.of(labels),
          actual,
          logits,
          temperature,
          LearningCurves.NONE);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> load() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(MultiLabelFixture.class.getResourceAsStream("multi-label.json"))) {
      return JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .build()
          .readValue(in, MultiLabelFixture.class)
          .cases();
    }
  }
}
