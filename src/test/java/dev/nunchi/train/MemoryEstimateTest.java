package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Weights;
import dev.nunchi.torch.Freezing;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemoryEstimateTest {
  private static final long TABLE = 1_000_000L * 2 * Float.BYTES;
  private static final long BIAS = 2L * Float.BYTES;

  private final Network network =
      Network.of(
          new ObjectMapper()
              .createObjectNode()
              .put("model_type", "ngram_linear")
              .put("vocab_size", 100)
              .put("num_labels", 2)
              .put("ngram_buckets", 1_000_000));

  @Test
  void of_tableOfNgramsUnderAdagrad_hasOneSumAndNoDenseGradient() {
    MemoryEstimate estimate = estimate(Map.of("optim", "adagrad"));
    assertEquals(TABLE + BIAS, estimate.parameters());
    assertEquals(BIAS, estimate.gradients());
    assertEquals(TABLE + BIAS, estimate.optimizer());
    // Two rows of eight tokens: what the sizes of n-grams keep of them, and not the table.
    assertTrue(estimate.activations() > 0 && estimate.activations() < 10_000);
  }

  @Test
  void of_tableOfNgramsUnderAdamW_hasTwoMomentsAndTheAverage() {
    MemoryEstimate estimate = estimate(Map.of("optim", "adamw", "ema_decay", "0.9"));
    assertEquals(TABLE + BIAS, estimate.gradients());
    assertEquals(3 * (TABLE + BIAS), estimate.optimizer());
  }

  @Test
  void of_tableOfNgramsUnderAdamWWithEightBits_hasAByteForEachMomentAndTheirMagnitudes() {
    MemoryEstimate estimate = estimate(Map.of("optim", "adamw_8bit"));
    long size = TABLE / Float.BYTES;
    long magnitudes = (size + 255) / 256 * Float.BYTES;
    assertEquals(2 * (size + magnitudes + BIAS), estimate.optimizer());
  }

  @Test
  void of_tableOfNgramsUnderPagedAdamW_hasTheMomentsOfTheBiasAlone() {
    assertEquals(2 * BIAS, estimate(Map.of("optim", "paged_adamw_8bit")).optimizer());
  }

  private MemoryEstimate estimate(Map<String, String> settings) {
    Recipe recipe = RecipeReader.read("nsmc-small", settings);
    return MemoryEstimate.of(
        recipe,
        network,
        Weights.NONE,
        Freezing.NONE.learners(network),
        2,
        MemoryEstimate.shapes(List.of(new int[] {0, 1}), new int[] {8, 5}),
        List.of());
  }
}
