package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class CostModelTest {
  private static final IntToDoubleFunction TRUE =
      tokens -> 300_000 + 20_000.0 * tokens + 50.0 * tokens * tokens;

  private final CostModel cost = new CostModel();
  private final Random random = new Random(1);

  @Test
  void nanos_nothingRun_isNothing() {
    assertEquals(0, cost.nanos(100));
  }

  @Test
  void nanos_lengthsOfAllKinds_isWhatTheyTake() {
    run(2_000, 4, 200, 1);
    for (int tokens : new int[] {4, 20, 100, 200}) {
      assertEquals(1, cost.nanos(tokens) / TRUE.applyAsDouble(tokens), 0.1, tokens + " tokens");
    }
  }

  @Test
  void nanos_oneLengthOnly_isRightThereAndRisesBeyond() {
    run(1_000, 32, 32, 1);
    assertEquals(1, cost.nanos(32) / TRUE.applyAsDouble(32), 0.05);
    assertTrue(cost.nanos(64) > cost.nanos(32));
    assertTrue(cost.nanos(1) >= 0);
  }

  @Test
  void nanos_processorBecomesSlower_follows() {
    run(5_000, 4, 200, 1);
    run(2_000, 4, 200, 3);
    assertEquals(3, cost.nanos(100) / TRUE.applyAsDouble(100), 0.3);
  }

  @Test
  void nanos_batches_isTheShareOfEach() {
    for (int i = 0; i < 300; i++) {
      cost.observe(new int[] {10, 10, 10, 10, 10, 10, 10, 10}, 4_000_000);
    }
    assertEquals(500_000, cost.nanos(10), 25_000);
  }

  private void run(int times, int fewest, int most, double slowness) {
    for (int i = 0; i < times; i++) {
      int tokens = fewest + random.nextInt(most - fewest + 1);
      double noise = 0.8 + 0.4 * random.nextDouble();
      cost.observe(new int[] {tokens}, (long) (TRUE.applyAsDouble(tokens) * slowness * noise));
    }
  }
}
