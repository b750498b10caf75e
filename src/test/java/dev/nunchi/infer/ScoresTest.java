package dev.nunchi.infer;

import static dev.nunchi.ProblemType.MULTI_LABEL_CLASSIFICATION;
import static dev.nunchi.ProblemType.SINGLE_LABEL_CLASSIFICATION;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import java.util.List;
import java.util.OptionalDouble;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ScoresTest {
  private static final LabelSet SIGNS =
      new LabelSet(List.of(Label.of("부정", -1), Label.of("긍정", 1)));

  @Test
  void of_singleLabel_isSoftmax() {
    Scores scores = Scores.of(new float[] {1, 2, 3}, SINGLE_LABEL_CLASSIFICATION, 1);
    assertEquals(0.09003057317038046, scores.get(0), 1e-15);
    assertEquals(0.24472847105479767, scores.get(1), 1e-15);
    assertEquals(0.6652409557748219, scores.get(2), 1e-15);
    assertEquals(2, scores.best());
  }

  @Test
  void of_multiLabel_isSigmoidOfEach() {
    Scores scores = Scores.of(new float[] {0, 2, -2}, MULTI_LABEL_CLASSIFICATION, 1);
    assertEquals(0.5, scores.get(0), 1e-15);
    assertEquals(0.8807970779778823, scores.get(1), 1e-15);
    assertEquals(0.11920292202211755, scores.get(2), 1e-15);
  }

  @Test
  void of_temperature_dividesTheLogits() {
    for (ProblemType type : ProblemType.values()) {
      Scores warm = Scores.of(new float[] {2, -4}, type, 2);
      Scores plain = Scores.of(new float[] {1, -2}, type, 1);
      assertEquals(plain.toList(), warm.toList());
    }
  }

  @Test
  void of_hugeLogits_doesNotOverflow() {
    float huge = Float.MAX_VALUE;
    Scores single = Scores.of(new float[] {huge, -huge}, SINGLE_LABEL_CLASSIFICATION, 0.01);
    assertEquals(List.of(1.0, 0.0), single.toList());
    Scores multi = Scores.of(new float[] {huge, -huge}, MULTI_LABEL_CLASSIFICATION, 0.01);
    assertEquals(List.of(1.0, 0.0), multi.toList());
  }

  @Test
  void best_equalScores_isTheFirst() {
    assertEquals(0, Scores.of(new float[] {1, 1}, SINGLE_LABEL_CLASSIFICATION, 1).best());
  }

  @Test
  void polarity_singleLabel_isTheExpectedOne() {
    Scores scores = Scores.of(new float[] {1, 3}, SINGLE_LABEL_CLASSIFICATION, 1);
    assertEquals(scores.get(1) - scores.get(0), scores.polarity(SIGNS).getAsDouble(), 1e-15);
  }

  @Test
  void polarity_multiLabel_isTheMeanWeightedByTheScores() {
    Scores scores = Scores.of(new float[] {0, 2}, MULTI_LABEL_CLASSIFICATION, 1);
    assertEquals(
        (scores.get(1) - scores.get(0)) / (scores.get(1) + scores.get(0)),
        scores.polarity(SIGNS).getAsDouble(),
        1e-15);
  }

  @Test
  void polarity_labelWithoutOne_isEmpty() {
    LabelSet labels = new LabelSet(List.of(Label.of("부정", -1), Label.of("질문")));
    Scores scores = Scores.of(new float[] {1, 3}, SINGLE_LABEL_CLASSIFICATION, 1);
    assertEquals(OptionalDouble.empty(), scores.polarity(labels));
  }

  @Property
  void of_singleLabel_sumsTo1AndKeepsTheOrder(
      @ForAll @Size(min = 2, max = 9) List<@FloatRange(min = -1e4f, max = 1e4f) Float> values) {
    Scores scores = Scores.of(logits(values), SINGLE_LABEL_CLASSIFICATION, 1.5);
    assertEquals(1, scores.toList().stream().mapToDouble(score -> score).sum(), 1e-12);
    float highest = values.stream().max(Float::compare).orElseThrow();
    assertEquals(highest, values.get(scores.best()));
  }

  @Property
  void polarity_anyLogits_liesBetweenTheLabels(
      @ForAll @Size(2) List<@FloatRange(min = -1e4f, max = 1e4f) Float> values,
      @ForAll ProblemType type) {
    double polarity = Scores.of(logits(values), type, 1).polarity(SIGNS).getAsDouble();
    assertTrue(polarity >= -1 && polarity <= 1, () -> "polarity " + polarity);
  }

  private static float[] logits(List<Float> values) {
    float[] logits = new float[values.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = values.get(i);
    }
    return logits;
  }
}
