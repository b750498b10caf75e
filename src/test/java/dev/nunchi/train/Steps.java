package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.eval.EvaluationResult;
import java.util.List;

/// Steps and evaluations for tests of what watches a run.
final class Steps {
  static final long TOTAL = 10;

  private Steps() {}

  /// Two texts, 300 tokens in 400 places, and the rest from the number.
  static TrainingListener.Step step(long step, double loss) {
    return new TrainingListener.Step(
        step, TOTAL, step / 5.0, loss, 2, step * 1e-3, step + 0.5, 300, 0.25);
  }

  /// Four texts, three of them right.
  static Evaluation evaluation() {
    double[][] probabilities = {{0.75, 0.25}, {0.25, 0.75}, {0.25, 0.75}, {0.25, 0.75}};
    return new Evaluation(
        EvaluationResult.of(LabelSet.of("부정", "긍정"), new int[] {0, 0, 1, 1}, probabilities)
            .metrics(),
        1,
        List.of(),
        List.of());
  }
}
