package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.model.FloatWeights;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.RandomWeights;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoundingSearchTest {
  private static final int WIDTH = 32;
  private final RandomWeights weights =
      new RandomWeights(4).add("a.weight", List.of(9, WIDTH)).add("b.weight", List.of(5, WIDTH));
  private final Linear a = new Linear("a", WIDTH, 9, false);
  private final Linear b = new Linear("b", WIDTH, 5, false);

  @Test
  void best_channelFarLargerThanOthers_isDividedAndTheProductsStay() {
    float[] rows = rows(40);
    for (int i = 7; i < rows.length; i += WIDTH) {
      rows[i] *= 200;
    }
    InputSample sample = sample(rows);
    Map<String, RoundedLayer> best = RoundingSearch.best(sample, List.of(a, b), weights);
    RoundedLayer layer = Objects.requireNonNull(best.get("a"));
    assertTrue(layer.input().divides());
    assertSame(layer.input(), Objects.requireNonNull(best.get("b")).input());
    float plainStep = (200 * 2) / 255f;
    assertTrue(layer.input().range().step() * layer.input().divisors()[0] < plainStep / 4);
    assertTrue(error(rows, layer) < 2e-3, () -> "error " + error(rows, layer));
  }

  @Test
  void best_channelsOfOneSize_areNotDivided() {
    RoundedLayer layer =
        Objects.requireNonNull(RoundingSearch.best(sample(rows(40)), List.of(a), weights).get("a"));
    assertFalse(layer.input().divides());
    assertTrue(error(rows(40), layer) < 1e-3);
  }

  @Test
  void best_inputOfZeros_isFinite() {
    RoundedLayer layer =
        Objects.requireNonNull(
            RoundingSearch.best(sample(new float[3 * WIDTH]), List.of(a), weights).get("a"));
    assertEquals(new Range(0, 1), layer.input().range());
    for (float step : layer.steps()) {
      assertTrue(Float.isFinite(step) && step > 0);
    }
  }

  /// The mean relative squared error of what layer `a` gives.
  private double error(float[] rows, RoundedLayer layer) {
    float[] weight = FloatWeights.floats(weights.get("a.weight"));
    float[] factors = layer.input().factors(WIDTH);
    double sum = 0;
    for (int row = 0; row < rows.length / WIDTH; row++) {
      double error = 0;
      double energy = 0;
      for (int out = 0; out < a.out(); out++) {
        double exact = 0;
        double rounded = 0;
        for (int i = 0; i < WIDTH; i++) {
          float x = rows[row * WIDTH + i];
          exact += x * weight[out * WIDTH + i];
          rounded +=
              layer.input().range().rounded(x / factors[i])
                  * layer.numbers()[out * WIDTH + i]
                  * layer.steps()[out];
        }
        error += (exact - rounded) * (exact - rounded);
        energy += exact * exact;
      }
      sum += error / energy;
    }
    return sum / (rows.length / WIDTH);
  }

  private static InputSample sample(float[] rows) {
    InputSample sample = new InputSample(WIDTH);
    sample.add(rows);
    return sample;
  }

  private static float[] rows(int count) {
    Random random = new Random(8);
    float[] rows = new float[count * WIDTH];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    return rows;
  }
}
