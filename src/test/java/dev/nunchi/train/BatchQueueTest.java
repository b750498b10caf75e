package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.text.Encoding;
import dev.nunchi.torch.BinaryCrossEntropy;
import dev.nunchi.torch.CrossEntropy;
import dev.nunchi.torch.Loss;
import dev.nunchi.torch.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchQueueTest {
  private static final int BUDGET = 64;
  private static final CrossEntropy WEIGHTED = new CrossEntropy(List.of(1.0, 3.0), 0, 0);

  /// 40 texts of 3 to 42 tokens, with label 1 where the length is odd.
  private final EncodedTexts texts =
      new EncodedTexts(
          IntStream.range(3, 43).mapToObj(BatchQueueTest::encoding).toList(),
          new Targets.Labels(
              IntStream.range(3, 43)
                  .mapToObj(length -> new int[] {length % 2})
                  .toArray(int[][]::new)));

  private final LengthBuckets buckets =
      new LengthBuckets(texts.lengths(), LengthBuckets.Size.ofTokens(BUDGET), true);

  private final int batchesOfEpoch = buckets.epoch(1, 0).size();

  @Test
  void next_accumulationThatDoesNotDivide_endsTheEpochWithAShorterStep() {
    int batchesOfStep = 4;
    int left = batchesOfEpoch % batchesOfStep;
    assertEquals(true, left > 0, batchesOfEpoch + " batches");
    try (BatchQueue queue = queue(CrossEntropy.PLAIN, batchesOfStep, BatchQueue.Position.START)) {
      for (int epoch = 0; epoch < 2; epoch++) {
        List<Integer> sizes = new ArrayList<>();
        int seen = 0;
        List<BatchQueue.Prepared> step;
        do {
          step = step(queue);
          sizes.add(step.size());
          seen += step.stream().mapToInt(one -> one.batch().batch()).sum();
        } while (step.getLast().next().epoch() == epoch);
        assertEquals(texts.size(), seen, "each text once");
        assertEquals(left, sizes.removeLast());
        assertEquals(true, sizes.stream().allMatch(size -> size == batchesOfStep));
        assertEquals(new BatchQueue.Position(epoch + 1, 0), step.getLast().next());
      }
    }
  }

  @Test
  void next_shares_areThoseOfTheWeightsOfTheLabels() {
    try (BatchQueue queue = queue(WEIGHTED, 4, BatchQueue.Position.START)) {
      for (int i = 0; i < 8; i++) {
        List<BatchQueue.Prepared> step = step(queue);
        double all = step.stream().mapToDouble(BatchQueue.Prepared::weight).sum();
        for (BatchQueue.Prepared one : step) {
          double expected = 0;
          for (int[] label : one.targets().labels()) {
            expected += label[0] == 1 ? 3 : 1;
          }
          assertEquals(expected, one.weight());
          assertEquals(expected / all, one.share(), 1e-12);
        }
      }
    }
  }

  @Test
  void next_severalLabels_shareByTexts() {
    try (BatchQueue queue =
        queue(new BinaryCrossEntropy(List.of(1.0, 9.0)), 4, BatchQueue.Position.START)) {
      List<BatchQueue.Prepared> step = step(queue);
      int all = step.stream().mapToInt(one -> one.batch().batch()).sum();
      step.forEach(one -> assertEquals((double) one.batch().batch() / all, one.share(), 1e-12));
    }
  }

  @Test
  void next_oneBatchAStep_hasTheWholeShare() {
    try (BatchQueue queue = queue(WEIGHTED, 1, BatchQueue.Position.START)) {
      for (int i = 0; i < 2 * batchesOfEpoch; i++) {
        BatchQueue.Prepared only = queue.next();
        assertEquals(true, only.endsStep());
        assertEquals(1.0, only.share(), 0);
      }
    }
  }

  @Test
  void next_fromWhereAnyStepEnded_goesOnTheSame() {
    for (int done = 0; done < 2 * batchesOfEpoch / 4; done++) {
      try (BatchQueue whole = queue(WEIGHTED, 4, BatchQueue.Position.START)) {
        BatchQueue.Position next = BatchQueue.Position.START;
        for (int i = 0; i < done; i++) {
          next = step(whole).getLast().next();
        }
        try (BatchQueue resumed = queue(WEIGHTED, 4, next)) {
          for (int i = 0; i < 3; i++) {
            List<BatchQueue.Prepared> expected = step(whole);
            List<BatchQueue.Prepared> found = step(resumed);
            assertEquals(expected.size(), found.size());
            for (int j = 0; j < found.size(); j++) {
              assertEquals(expected.get(j).share(), found.get(j).share(), 0);
              assertArrayEquals(
                  expected.get(j).batch().inputIds(), found.get(j).batch().inputIds());
            }
          }
        }
      }
    }
  }

  private BatchQueue queue(Loss loss, int batchesOfStep, BatchQueue.Position start) {
    return new BatchQueue(
        texts, TextNoise.NONE, buckets, new WordDropout(0, 1), loss, batchesOfStep, 1, 0, start);
  }

  private static List<BatchQueue.Prepared> step(BatchQueue queue) {
    List<BatchQueue.Prepared> step = new ArrayList<>();
    do {
      step.add(queue.next());
    } while (!step.getLast().endsStep());
    return step;
  }

  private static Encoding encoding(int length) {
    int[] ids = IntStream.range(0, length).map(i -> 5 + length + i).toArray();
    return new Encoding(ids, new int[length], List.of(), length, 0, false);
  }
}
