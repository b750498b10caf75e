package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Against the formulas, in double arithmetic.
class CrossEntropyTest {
  private static final double[][] LOGITS = {{1.5, -0.5, 0.25}, {-2, 0.75, 1}, {0.1, 0.2, -3}};
  private static final int[] TARGETS = {0, 1, 2};
  private static final List<Double> WEIGHTS = List.of(1.0, 2.5, 0.5);

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @Test
  void mean_plain_isTheMeanOfLogProbabilities() {
    double expected = 0;
    for (int row = 0; row < LOGITS.length; row++) {
      expected -= Math.log(probability(row)) / LOGITS.length;
    }
    assertEquals(expected, mean(CrossEntropy.PLAIN), 1e-6);
  }

  @Test
  void mean_weighted_isDividedByTheWeights() {
    double losses = 0;
    double weights = 0;
    for (int row = 0; row < LOGITS.length; row++) {
      losses -= WEIGHTS.get(TARGETS[row]) * Math.log(probability(row));
      weights += WEIGHTS.get(TARGETS[row]);
    }
    assertEquals(losses / weights, mean(new CrossEntropy(WEIGHTS, 0, 0)), 1e-6);
  }

  @Test
  void mean_focal_weighsWhatIsRightLess() {
    double losses = 0;
    double weighted = 0;
    double weights = 0;
    for (int row = 0; row < LOGITS.length; row++) {
      double p = probability(row);
      double loss = -Math.pow(1 - p, 2) * Math.log(p);
      losses += loss / LOGITS.length;
      weighted += WEIGHTS.get(TARGETS[row]) * loss;
      weights += WEIGHTS.get(TARGETS[row]);
    }
    assertEquals(losses, mean(new CrossEntropy(List.of(), 0, 2)), 1e-6);
    assertEquals(weighted / weights, mean(new CrossEntropy(WEIGHTS, 0, 2)), 1e-6);
  }

  @Test
  void mean_smoothed_spreadsAShareOverAllLabels() {
    double expected = 0;
    for (int row = 0; row < LOGITS.length; row++) {
      expected -= 0.9 * Math.log(probability(row)) / LOGITS.length;
      for (int label = 0; label < 3; label++) {
        expected -= 0.1 / 3 * Math.log(probability(row, label)) / LOGITS.length;
      }
    }
    assertEquals(expected, mean(new CrossEntropy(List.of(), 0.1, 0)), 1e-6);
  }

  @Test
  void focalAndSmoothed_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new CrossEntropy(List.of(), 0.1, 2));
  }

  private static double mean(CrossEntropy loss) {
    try (PointerScope scope = new PointerScope()) {
      float[] flat = new float[9];
      int[][] targets = new int[3][];
      for (int row = 0; row < 3; row++) {
        targets[row] = new int[] {TARGETS[row]};
        for (int label = 0; label < 3; label++) {
          flat[3 * row + label] = (float) LOGITS[row][label];
        }
      }
      return loss.mean(torch.tensor(flat).view(3, 3), new Targets.Labels(targets)).item_double();
    }
  }

  private static double probability(int row) {
    return probability(row, TARGETS[row]);
  }

  private static double probability(int row, int label) {
    double sum = 0;
    for (double logit : LOGITS[row]) {
      sum += Math.exp(logit);
    }
    return Math.exp(LOGITS[row][label]) / sum;
  }
}
