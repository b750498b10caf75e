package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Against the formula, in double arithmetic.
class BinaryCrossEntropyTest {
  private static final double[][] LOGITS = {{1.5, -0.5, 0.25}, {-2, 0.75, 1}, {0.1, 0.2, -3}};
  private static final int[][] LABELS = {{0, 2}, {}, {1}};

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @Test
  void mean_plain_isOverAllPairs() {
    assertEquals(expected(List.of(1.0, 1.0, 1.0)), mean(List.of()), 1e-6);
  }

  @Test
  void mean_weighted_weighsPresenceOnly() {
    List<Double> weights = List.of(2.0, 0.5, 3.0);
    assertEquals(expected(weights), mean(weights), 1e-6);
  }

  private static double expected(List<Double> weights) {
    double sum = 0;
    for (int row = 0; row < 3; row++) {
      for (int label = 0; label < 3; label++) {
        double probability = 1 / (1 + Math.exp(-LOGITS[row][label]));
        sum -=
            has(row, label)
                ? weights.get(label) * Math.log(probability)
                : Math.log(1 - probability);
      }
    }
    return sum / 9;
  }

  private static boolean has(int row, int label) {
    for (int each : LABELS[row]) {
      if (each == label) {
        return true;
      }
    }
    return false;
  }

  private static double mean(List<Double> weights) {
    try (PointerScope scope = new PointerScope()) {
      float[] flat = new float[9];
      for (int i = 0; i < 9; i++) {
        flat[i] = (float) LOGITS[i / 3][i % 3];
      }
      return new BinaryCrossEntropy(weights)
          .mean(torch.tensor(flat).view(3, 3), new Targets.Labels(LABELS))
          .item_double();
    }
  }
}
