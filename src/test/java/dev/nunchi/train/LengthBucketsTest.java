package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LengthBucketsTest {
  private static final int BUDGET = 256;
  private static final int[] LENGTHS =
      new Random(5).ints(1000, 3, 90).map(length -> length * length / 90 + 3).toArray();

  private final LengthBuckets buckets =
      new LengthBuckets(LENGTHS, LengthBuckets.Size.ofTokens(BUDGET), true);

  @Test
  void epoch_holdsEveryTextOnce() {
    int[] seen = flat(buckets.epoch(1, 0));
    Arrays.sort(seen);
    assertArrayEquals(IntStream.range(0, LENGTHS.length).toArray(), seen);
  }

  @Test
  void epoch_keepsTheBudgetAndPadsLittle() {
    long places = 0;
    for (int[] batch : buckets.epoch(1, 0)) {
      int longest = Arrays.stream(batch).map(row -> LENGTHS[row]).max().orElseThrow();
      assertTrue(batch.length == 1 || batch.length * longest <= BUDGET);
      places += (long) batch.length * longest;
    }
    double padding = 1 - (double) Arrays.stream(LENGTHS).sum() / places;
    assertTrue(padding < 0.05, "padding " + padding);
  }

  @Test
  void epoch_sameSeedAndNumber_isTheSame_elseDiffers() {
    int[] first = flat(buckets.epoch(1, 3));
    assertArrayEquals(first, flat(buckets.epoch(1, 3)));
    assertFalse(Arrays.equals(first, flat(buckets.epoch(1, 4))));
    assertFalse(Arrays.equals(first, flat(buckets.epoch(2, 3))));
  }

  @Test
  void epoch_textOverTheBudget_isABatchOfItsOwn() {
    List<int[]> batches =
        new LengthBuckets(new int[] {5, 900, 5}, LengthBuckets.Size.ofTokens(BUDGET), true)
            .epoch(1, 0);
    assertTrue(batches.stream().anyMatch(batch -> batch.length == 1 && batch[0] == 1));
  }

  @Test
  void epoch_ofRowsNotGrouped_isTheShuffledTexts() {
    LengthBuckets rows = new LengthBuckets(LENGTHS, LengthBuckets.Size.ofRows(32), false);
    List<int[]> batches = rows.epoch(1, 0);
    assertEquals(32, batches.size(), "1,000 texts in batches of 32");
    assertTrue(batches.subList(0, 31).stream().allMatch(batch -> batch.length == 32));
    int[] seen = flat(batches);
    assertFalse(Arrays.equals(seen, flat(rows.epoch(1, 1))));
    Arrays.sort(seen);
    assertArrayEquals(IntStream.range(0, LENGTHS.length).toArray(), seen);
  }

  @Test
  void epoch_anySeed_hasAsManyBatches() {
    int expected = buckets.sorted().size();
    for (int epoch = 0; epoch < 20; epoch++) {
      assertEquals(expected, buckets.epoch(7, epoch).size());
    }
  }

  private static int[] flat(List<int[]> batches) {
    return batches.stream().flatMapToInt(Arrays::stream).toArray();
  }
}
