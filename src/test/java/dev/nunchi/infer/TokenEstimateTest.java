package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenEstimateTest {
  private final TokenEstimate estimate = new TokenEstimate();
  private final Random random = new Random(3);

  @Test
  void tokens_nothingSeen_isOneForEachUnitAndAtMostTheLongest() {
    assertEquals(42, estimate.tokens(40, 512));
    assertEquals(512, estimate.tokens(4_000, 512));
    assertEquals(1, estimate.tokens(0, 1));
  }

  @Test
  void tokens_textsSeen_isHighRatherThanLow() {
    int enough = 0;
    for (int i = 0; i < 2_000; i++) {
      int units = 10 + random.nextInt(140);
      int tokens = tokens(units, 0.5);
      if (i >= 500) {
        enough += estimate.tokens(units, 512) >= tokens ? 1 : 0;
      }
      estimate.observe(units, tokens);
    }
    assertTrue(enough > 0.7 * 1_500, enough + " of 1,500 were enough");
    assertEquals(50, estimate.tokens(100, 512), 15);
  }

  @Test
  void tokens_otherTextsCome_follows() {
    for (int i = 0; i < 2_000; i++) {
      estimate.observe(100, tokens(100, i < 1_000 ? 0.3 : 0.9));
    }
    assertEquals(90, estimate.tokens(100, 512), 18);
  }

  private int tokens(int units, double perUnit) {
    return (int) Math.round(units * perUnit * (0.8 + 0.4 * random.nextDouble()));
  }
}
