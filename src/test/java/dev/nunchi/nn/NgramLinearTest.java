package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NgramLinearTest {
  private static final long A = Ngrams.MULTIPLIER;
  private static final long P = Ngrams.MODULUS;

  private final ObjectNode config =
      new ObjectMapper()
          .createObjectNode()
          .put("model_type", "ngram_linear")
          .put("vocab_size", 11_200)
          .put("num_labels", 3)
          .put("first_syllable_id", 5)
          .put("ngram_buckets", 997)
          .put("ngram_max", 4)
          .put("open_ngram_max", 3);

  private final PaddedBatch batch =
      new PaddedBatch(
          2,
          6,
          new long[] {2, 5, 6, 33, 11_180, 3, 2, 7_000, 3, 0, 0, 0},
          new long[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0},
          new long[12]);

  @Test
  void logits_inTorch_areThoseOfDoubleArithmetic() {
    TorchRuntime.load(1);
    Network network = Network.of(config);
    RandomWeights weights = RandomWeights.of(network.parameters(), 3);
    double[][] expected = PlainOps.logits(network, weights, batch);
    try (TorchNetwork torch = new TorchNetwork(network, weights)) {
      float[][] logits = torch.logits(batch);
      for (int row = 0; row < expected.length; row++) {
        for (int label = 0; label < 3; label++) {
          assertEquals(expected[row][label], logits[row][label], 1e-6);
        }
      }
    }
  }

  @Test
  void ngrams_ofTokens_haveThePolynomialHash() {
    PlainOps ops = new PlainOps(new RandomWeights(1));
    PlainTensor ids = PlainTensor.ofWhole(List.of(1, 3), new long[] {2, 7, 3});
    PlainTensor mask = PlainTensor.ofWhole(List.of(1, 3), new long[] {1, 1, 1});
    double[] numbers = ops.ngrams(ids, mask, new Ngrams(2, 3, 101, 5)).values();
    long two = ((5 * A + 3) % P * A + 8) % P;
    long twoLater = ((5 * A + 8) % P * A + 4) % P;
    long three = (two * A + 4) % P;
    assertArrayEquals(
        new double[] {1 + two % 100, 1 + twoLater % 100, 0, 1 + three % 100, 0, 0}, numbers);
  }

  @Test
  void numbers_ofOneText_areThoseOfTheOperation() {
    Random random = new Random(9);
    for (Ngrams ngrams :
        List.of(
            new Ngrams(1, 5, 4_194_304, 0),
            new Ngrams(2, 5, 3_500_000, 271_828_183),
            new Ngrams(3, 3, 2, Ngrams.MODULUS - 1),
            new Ngrams(1, 64, Integer.MAX_VALUE, 1))) {
      for (int length = 1; length < 20; length++) {
        int[] ids =
            random.ints(length, 0, length % 2 == 0 ? 11_200 : Integer.MAX_VALUE - 1).toArray();
        PlainTensor mask = PlainTensor.of(List.of(1, length));
        Arrays.fill(mask.values(), 1);
        PlainTensor tokens =
            PlainTensor.ofWhole(
                List.of(1, length), Arrays.stream(ids).mapToLong(id -> id).toArray());
        double[] expected =
            new PlainOps(new RandomWeights(1)).ngrams(tokens, mask, ngrams).values();
        assertArrayEquals(
            Arrays.stream(expected).filter(number -> number > 0).sorted().toArray(),
            Arrays.stream(ngrams.numbers(ids)).sorted().asDoubleStream().toArray());
      }
    }
  }

  @Test
  void logits_finalConsonantLeftOut_keepTheOpenView() {
    config.put("ngram_max", 1);
    Network network = Network.of(config);
    RandomWeights weights = RandomWeights.of(network.parameters(), 3);
    // 각 and 가: other tokens, the same open syllable.
    double[][] closed = PlainOps.logits(network, weights, text(2, 6, 40, 3));
    double[][] open = PlainOps.logits(network, weights, text(2, 5, 40, 3));
    double[][] other = PlainOps.logits(network, weights, text(2, 40, 6, 3));
    assertTrue(distance(closed, open) > 0 && distance(closed, open) < distance(closed, other));
  }

  @Test
  void of_valueOutOfRange_isNamed() {
    config.put("ngram_buckets", 0);
    NunchiException e = assertThrows(NunchiException.class, () -> Network.of(config));
    assertEquals(
        "config.json: ngram_buckets should be a whole number of at least 2, but is 0",
        e.getMessage());
    config.put("ngram_buckets", 10).put("open_ngram_max", -1);
    e = assertThrows(NunchiException.class, () -> Network.of(config));
    assertTrue(e.getMessage().contains("open_ngram_max"));
  }

  @Test
  void of_labelsWithoutEnd_areNamedBeforeTheyAreCounted() {
    config.remove("id2label");
    config.put("num_labels", Integer.MAX_VALUE);
    NunchiException e =
        assertThrows(NunchiException.class, () -> Network.of(config, "model_config"));
    assertEquals(
        "model_config: num_labels should be a whole number of at most 100000, but is 2147483647",
        e.getMessage());
  }

  private static PaddedBatch text(long... ids) {
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    return new PaddedBatch(1, ids.length, ids, ones, new long[ids.length]);
  }

  private static double distance(double[][] a, double[][] b) {
    double sum = 0;
    for (int i = 0; i < a[0].length; i++) {
      sum += Math.abs(a[0][i] - b[0][i]);
    }
    return sum;
  }
}
