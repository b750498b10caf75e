package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InterceptsTest {
  @Test
  void fit_shiftedLogits_areShiftedBack() {
    Random random = new Random(3);
    int rows = 20_000;
    double[][] logits = new double[rows][3];
    int[] actual = new int[rows];
    for (int row = 0; row < rows; row++) {
      // Labels drawn from the softmax of the true logits, of which those that are seen are twice.
      double[] odds = new double[3];
      for (int label = 0; label < 3; label++) {
        double logit = random.nextGaussian();
        odds[label] = Math.exp(logit);
        logits[row][label] = 2 * logit + new double[] {1.5, -0.5, 0.2}[label];
      }
      double draw = random.nextDouble() * Arrays.stream(odds).sum();
      actual[row] = draw < odds[0] ? 0 : draw < odds[0] + odds[1] ? 1 : 2;
    }
    double[] intercepts = Intercepts.fit(actual, logits);
    // Of mean 0, so 0.4 less than what was added.
    assertArrayEquals(new double[] {-1.1, 0.9, 0.2}, intercepts, 0.05);
    assertEquals(2, Temperature.fit(actual, Intercepts.added(logits, intercepts)), 0.05);
  }

  @Test
  void fit_meanScores_areTheSharesOfTheLabels() {
    double[][] logits = {{3, 0}, {2, 0}, {1, 0}, {0, 0.5}};
    int[] actual = {0, 1, 0, 1};
    double[][] added = Intercepts.added(logits, Intercepts.fit(actual, logits));
    double temperature = Temperature.fit(actual, added);
    double mean = 0;
    for (double[] row : added) {
      mean += 0.25 / (1 + Math.exp((row[1] - row[0]) / temperature));
    }
    assertEquals(0.5, mean, 1e-6);
  }

  @Test
  void help_leaningNetwork_isTrue() {
    Random random = new Random(4);
    int rows = 400;
    double[][] logits = new double[rows][2];
    int[] actual = new int[rows];
    for (int row = 0; row < rows; row++) {
      double logit = 2 * random.nextGaussian();
      actual[row] = random.nextDouble() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
      logits[row][1] = logit + 1.5;
    }
    assertTrue(Intercepts.help(actual, logits));
  }

  @Test
  void help_oddOnesInOneHalfOnly_isFalse() {
    // The texts of a label go to the halves in turn: the odd ones all to the first.
    int[] actual = {0, 0, 0, 0, 1, 1, 1, 1};
    double[][] logits = {{-2, 0}, {2, 0}, {-2, 0}, {2, 0}, {-3, 0}, {-2, 0}, {-3, 0}, {-2, 0}};
    assertFalse(Intercepts.help(actual, logits));
  }

  @Test
  void help_oneText_isFalse() {
    assertFalse(Intercepts.help(new int[] {1}, new double[][] {{1, 0}}));
  }
}
