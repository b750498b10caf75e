package dev.nunchi.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.Backend;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BareRunTest {
  /// Each of 64 lengths four times, longest first.
  private static final List<Encoding> TEXTS =
      IntStream.range(0, 256)
          .mapToObj(i -> new int[64 - i / 4])
          .map(ids -> new Encoding(ids, ids, List.of(), ids.length, 0, false))
          .toList();

  private final List<Integer> lengths = new ArrayList<>();

  @Test
  void run_batches_areOfOneLengthAndInNoOrderOfLengths() {
    run(4);
    List<Integer> first = lengths.subList(0, 32);
    double mean = first.stream().mapToInt(Integer::intValue).average().orElseThrow();
    assertTrue(mean > 24 && mean < 41, "mean length of the first half " + mean);
  }

  @Test
  void run_oneAtATime_isTheOrderOfTheLoad() {
    run(1);
    assertEquals(List.of(64, 64, 64, 64, 63), lengths.subList(0, 5));
  }

  /// Until a run has been over all texts.
  private void run(int size) {
    Backend backend =
        new Backend() {
          @Override
          public float[][] logits(PaddedBatch batch) {
            assertEquals(size, batch.batch());
            lengths.add(batch.seq());
            return new float[batch.batch()][2];
          }

          @Override
          public void close() {}
        };
    while (lengths.size() < TEXTS.size() / size) {
      lengths.clear();
      new BareRun(backend, 0, TEXTS, Duration.ZERO, Duration.ofMillis(200)).run(size);
    }
  }
}
