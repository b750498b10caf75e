package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import org.junit.jupiter.api.Test;

class EvaluationTest {
  @Test
  void value_ofUnevenLabels_weighsThemAsTheMetricSays() {
    double[][] logits = {{1, 0}, {1, 0}, {0, 1}, {0, 1}};
    int[][] actual = {{0}, {0}, {0}, {1}};
    Evaluation evaluation =
        Evaluation.of(
            LabelSet.of("부정", "긍정"), ProblemType.SINGLE_LABEL_CLASSIFICATION, actual, logits);
    double negative = 0.8;
    double positive = 2.0 / 3;
    assertEquals((negative + positive) / 2, evaluation.value(BestMetric.MACRO_F1), 1e-12);
    assertEquals((3 * negative + positive) / 4, evaluation.value(BestMetric.WEIGHTED_F1), 1e-12);
  }
}
