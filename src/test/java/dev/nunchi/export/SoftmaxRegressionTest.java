package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.export.SoftmaxRegression.Examples;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SoftmaxRegressionTest {
  private static final Examples NINE =
      new Examples(
          new float[][] {
            {0.5f, 2},
            {1.5f, -1},
            {-0.5f, 0.25f},
            {2, 2},
            {-1, -2},
            {0, 1},
            {1, 0},
            {-2, 0.5f},
            {0.25f, -0.75f}
          },
          new int[] {0, 1, 2, 0, 1, 0, 1, 2, 2});

  /// scikit-learn 1.9.1: `LogisticRegression(C=1/(9*penalty), tol=1e-12)` over `StandardScaler`,
  /// the weights divided by the scaler's deviations; logits less their mean.
  @Test
  void fit_nineVectors_givesTheLayerOfScikitLearn() {
    SoftmaxRegression strong = SoftmaxRegression.fit(NINE, 3, 0.1);
    assertArrayEquals(new double[] {0.24099, 0.85603}, strong.weight()[0], 1e-4);
    assertArrayEquals(new double[] {0.31715, -0.77505}, strong.weight()[1], 1e-4);
    assertArrayEquals(new double[] {-0.55814, -0.08098}, strong.weight()[2], 1e-4);
    assertArrayEquals(new double[] {0.71794, -0.35952, -0.35842}, centred(strong), 1e-4);
    SoftmaxRegression weak = SoftmaxRegression.fit(NINE, 3, 0.001);
    assertArrayEquals(new double[] {3.43263, -2.77813, -0.65450}, centred(weak), 1e-3);
  }

  private static double[] centred(SoftmaxRegression layer) {
    double[] logits = layer.logits(new float[] {1, 1});
    double mean = Arrays.stream(logits).average().orElseThrow();
    return Arrays.stream(logits).map(z -> z - mean).toArray();
  }

  @Test
  void fit_numbersThatNeverChange_leavesThemWithoutWeight() {
    float[][] vectors = new float[9][];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = new float[] {NINE.vectors()[i][0], NINE.vectors()[i][1], 7};
    }
    SoftmaxRegression layer = SoftmaxRegression.fit(new Examples(vectors, NINE.labels()), 3, 0.1);
    for (double[] weights : layer.weight()) {
      assertEquals(0, weights[2]);
    }
    assertArrayEquals(
        centred(SoftmaxRegression.fit(NINE, 3, 0.1)),
        centred(
            new SoftmaxRegression(
                Arrays.stream(layer.weight())
                    .map(row -> Arrays.copyOf(row, 2))
                    .toArray(double[][]::new),
                layer.bias())),
        1e-5);
  }

  @Test
  void fit_moreRowsThanOneThreadTakes_findsWhatParts() {
    Random random = new Random(3);
    float[][] vectors = new float[5_000][8];
    int[] labels = new int[vectors.length];
    for (int i = 0; i < vectors.length; i++) {
      for (int j = 0; j < 8; j++) {
        vectors[i][j] = random.nextFloat() - 0.5f;
      }
      labels[i] = vectors[i][2] > 0.1 ? 0 : vectors[i][5] > 0 ? 1 : 2;
    }
    Examples examples = new Examples(vectors, labels);
    SoftmaxRegression layer = SoftmaxRegression.fit(examples, 3, 1e-4);
    assertArrayEquals(
        layer.weight()[1], SoftmaxRegression.fit(examples, 3, 1e-4).weight()[1], 0, "again");
    double loss = layer.loss(examples);
    assertTrue(loss < 0.6 * Math.log(3), () -> "loss " + loss);
  }
}
