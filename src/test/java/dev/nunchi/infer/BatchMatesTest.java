package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(20)
class BatchMatesTest {
  private final FakeBackend first = new FakeBackend(0);
  private final FakeBackend second = FakeBackend.open();
  private final List<List<Backend>> rows = Collections.synchronizedList(new ArrayList<>());
  private final List<CompletableFuture<Run>> runs = new ArrayList<>();

  @Test
  void run_textsOfTwoModels_standInOneBatchWhereTheirLengthsAreEqual() throws Exception {
    BatchMates mates = mates(8, 1);
    try (Scheduler one = scheduler(first, mates);
        Scheduler other = scheduler(second, mates)) {
      submit(one, 1, 3);
      first.begun.acquire();
      submit(other, 2, 3);
      submit(one, 3, 2);
      submit(one, 4, 3);
      submit(other, 5, 2);
      first.permits.release(9);
      assertAnswered(1, 2, 3, 4, 5);
      // The first one, which was alone, is not mixed.
      assertEquals(List.of(List.of(second, first), List.of(first, second)), rows);
      assertEquals(List.of(List.of(3), List.of(3, 3), List.of(2, 2)), first.batches);
    }
  }

  @Test
  void run_moreWorkers_leavesTheOthersTheirShare() throws Exception {
    // Two workers are counted on, of which one comes.
    BatchMates mates = mates(3, 2);
    try (Scheduler one = scheduler(first, mates)) {
      submit(one, 0, 1);
      first.begun.acquire();
      for (int id = 1; id <= 10; id++) {
        submit(one, id, 1);
      }
      first.permits.release(99);
      assertAnswered(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
      // Of ten, seven, four, two, and one that waited; the first and the last were alone.
      assertEquals(List.of(3, 3, 2, 1), rows.stream().map(List::size).toList());
    }
  }

  static Stream<Arguments> lengths() {
    return Stream.of(
        Arguments.of(
            BatchMates.nearlyFree(3, 1),
            new int[] {9, 4, 9, 2, 8, 5},
            List.of(List.of(9), List.of(4, 9, 2), List.of(8, 5))),
        Arguments.of(
            BatchMates.nearlyFree(3, 1),
            new int[] {9, 4, 400, 2},
            List.of(List.of(9), List.of(4, 400, 2))),
        // Eight workers are counted on, of which one comes; two of four rows cost as good as
        // nothing.
        Arguments.of(
            BatchMates.nearlyFree(4, 8),
            new int[] {9, 9, 9, 9, 9, 9},
            List.of(List.of(9), List.of(9, 9), List.of(9, 9), List.of(9))),
        Arguments.of(
            BatchMates.near(3, 80, 1),
            new int[] {9, 20, 24, 17, 16, 23, 40, 40, 41, 90, 90},
            List.of(
                List.of(9),
                List.of(20, 17, 23),
                List.of(24),
                List.of(16),
                List.of(40, 40),
                List.of(41),
                List.of(90),
                List.of(90))),
        Arguments.of(
            BatchMates.packed(3, 80, 1),
            new int[] {9, 20, 24, 28, 16, 23, 40, 12, 90, 90},
            List.of(
                List.of(9),
                List.of(20, 24, 16),
                List.of(28, 23),
                List.of(40),
                List.of(12),
                List.of(90),
                List.of(90))));
  }

  /// The first is alone; the others wait meanwhile.
  @ParameterizedTest
  @MethodSource("lengths")
  void run_matesOfOtherLengths_standInOneBatchAsFarAsTheyMay(
      BatchMates mates, int[] lengths, List<List<Integer>> batches) throws Exception {
    try (Scheduler one = scheduler(first, mates)) {
      for (int id = 0; id < lengths.length; id++) {
        submit(one, id, lengths[id]);
        if (id == 0) {
          first.begun.acquire();
        }
      }
      first.permits.release(lengths.length);
      assertAnswered(IntStream.range(0, lengths.length).toArray());
      assertEquals(batches, first.batches);
    }
  }

  @Test
  void close_whileItsTextsAreWithAnothersWorker_waitsForThem() throws Exception {
    BatchMates mates = mates(8, 1);
    try (Scheduler one = scheduler(first, mates)) {
      Scheduler other = scheduler(second, mates);
      submit(one, 1, 1);
      first.begun.acquire();
      submit(one, 2, 1);
      submit(other, 3, 1);
      CompletableFuture<Void> closed = CompletableFuture.runAsync(other::close);
      first.permits.release(9);
      closed.join();
      assertAnswered(1, 2, 3);
      assertEquals(List.of(List.of(first, second)), rows);
    }
  }

  private BatchMates mates(int mostRows, int workers) {
    return new BatchMates(
        (texts, padTokenId, models) -> {
          rows.add(models);
          return first.logits(texts, padTokenId);
        },
        mostRows,
        workers);
  }

  private final RunQueue oneWorker =
      new Workers(OptionalInt.of(1), 100).on(InferenceOptions.Device.CPU);

  private Scheduler scheduler(Backend backend, BatchMates mates) {
    return new Scheduler(backend, 0, oneWorker, mates);
  }

  private void submit(Scheduler scheduler, int id, int length) {
    List<RunInput> inputs = List.of(FakeBackend.input(id, length));
    runs.addAll(scheduler.submit(inputs, Terms.until(Deadline.NONE)));
  }

  private void assertAnswered(int... ids) {
    for (int i = 0; i < ids.length; i++) {
      assertEquals(ids[i], runs.get(i).join().logits()[0]);
    }
  }
}
