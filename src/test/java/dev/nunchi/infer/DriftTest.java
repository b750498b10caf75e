package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.infer.Drift.Aspect;
import dev.nunchi.model.AnswerProfile;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DriftTest {
  private static final LabelSet LABELS = LabelSet.of("부정", "긍정");

  private final Random random = new Random(7);

  /// Of 100,000 texts, of which half are positive.
  private final Drift drift = new Drift(profile(100_000, 0.5, 0), LABELS);

  @Test
  void index_ofFewAnswers_isNoNumber() {
    add(drift, Drift.FEWEST - 1, 0.5, 0);
    assertTrue(Double.isNaN(drift.index(Aspect.LABEL)));
    add(drift, 1, 0.5, 0);
    assertTrue(drift.index(Aspect.LABEL) < 0.02, "index: " + drift.index(Aspect.LABEL));
  }

  @Test
  void index_ofTextsLikeThoseOfTheReference_isSmallInEveryAspect() {
    add(drift, 20_000, 0.5, 0);
    for (Aspect aspect : Aspect.values()) {
      assertTrue(drift.index(aspect) < 0.01, aspect + ": " + drift.index(aspect));
    }
  }

  @Test
  void index_ofOtherLabels_isLargeInThatAspectAlone() {
    add(drift, 10_000, 0.9, 0);
    assertEquals(0.4 * Math.log(9), drift.index(Aspect.LABEL), 0.08);
    assertTrue(drift.index(Aspect.UNKNOWN_TOKENS) < 0.01);
  }

  @Test
  void index_ofUnknownTokens_isLargeInThatAspect() {
    add(drift, 10_000, 0.5, 0.3);
    assertTrue(drift.index(Aspect.UNKNOWN_TOKENS) > 1);
    assertTrue(drift.index(Aspect.LABEL) < 0.01);
  }

  /// What came first is forgotten when two windows have been filled since.
  @Test
  void index_ofTheLastAnswers_forgetsThoseBefore() {
    add(drift, Drift.WINDOW, 1, 0);
    assertTrue(drift.index(Aspect.LABEL) > 1);
    add(drift, 2 * Drift.WINDOW, 0.5, 0);
    assertTrue(drift.index(Aspect.LABEL) < 0.01, "index: " + drift.index(Aspect.LABEL));
  }

  @Test
  void forget_allSoFar_leavesNone() {
    add(drift, Drift.WINDOW + 3_000, 1, 0);
    drift.forget();
    assertTrue(Double.isNaN(drift.index(Aspect.LABEL)));
  }

  @Test
  void index_ofARegression_isThatOfUnknownTokensAlone() {
    LabelSet value = LabelSet.of("별점");
    AnswerCounts counts = new AnswerCounts(value);
    Drift regression = new Drift(ofRegression(counts, 1_000), value);
    for (int i = 0; i < Drift.FEWEST; i++) {
      regression.add(regression(value));
    }
    assertTrue(Double.isNaN(regression.index(Aspect.LABEL)));
    assertTrue(Double.isNaN(regression.index(Aspect.CONFIDENCE)));
    assertEquals(0, regression.index(Aspect.UNKNOWN_TOKENS), 1e-9);
  }

  private AnswerProfile profile(int texts, double positive, double unknown) {
    AnswerCounts counts = new AnswerCounts(LABELS);
    for (int i = 0; i < texts; i++) {
      counts.add(prediction(positive, unknown));
    }
    assertEquals(texts, counts.profile().count());
    return counts.profile();
  }

  private static AnswerProfile ofRegression(AnswerCounts counts, int texts) {
    for (int i = 0; i < texts; i++) {
      counts.add(regression(LabelSet.of("별점")));
    }
    return counts.profile();
  }

  private void add(Drift to, int texts, double positive, double unknown) {
    for (int i = 0; i < texts; i++) {
      to.add(prediction(positive, unknown));
    }
  }

  private Prediction prediction(double positive, double unknown) {
    float logit = (float) (random.nextDouble() * 4);
    float[] logits =
        random.nextDouble() < positive ? new float[] {-logit, logit} : new float[] {logit, -logit};
    return prediction(
        LABELS,
        List.of(logits[0], logits[1]),
        Scores.of(logits, ProblemType.SINGLE_LABEL_CLASSIFICATION, 1),
        unknown);
  }

  private static Prediction regression(LabelSet labels) {
    return prediction(
        labels, List.of(3f), Scores.of(new float[] {3}, ProblemType.REGRESSION, 1), 0);
  }

  private static Prediction prediction(
      LabelSet labels, List<Float> logits, Scores scores, double unknown) {
    return new Prediction(
        labels, logits, scores, 9, false, unknown, false, List.of(), Duration.ZERO, Duration.ZERO);
  }
}
