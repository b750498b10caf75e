package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallSplitTest {
  @ParameterizedTest
  @CsvSource({
    "320, 30 31 33 30, 0 3 1 2",
    // Three of 10 in a call of 200 would have 570 places of padding.
    "320, 10 200 10 10, 0 2 3 | 1",
    "600, 10 200 10 10, 0 2 3 1",
    "0, 10 20 10 30, 0 2 | 1 | 3",
    "320, 7, 0",
  })
  void calls_areCutWherePaddingCostsMoreThanACall(int price, String lengths, String calls) {
    assertEquals(
        Arrays.stream(calls.split(" \\| "))
            .map(call -> Arrays.stream(call.split(" ")).map(Integer::valueOf).toList())
            .toList(),
        new CallSplit(price).calls(ints(lengths)));
  }

  @Test
  void calls_ofRandomLengths_haveEachTextOnceAndCostTheLeast() {
    Random random = new Random(5);
    for (int trial = 0; trial < 300; trial++) {
      int price = random.nextInt(200);
      int[] texts = random.ints(1 + random.nextInt(9), 1, 80).toArray();
      List<List<Integer>> calls = new CallSplit(price).calls(texts);
      List<Integer> rows = new ArrayList<>(calls.stream().flatMap(List::stream).toList());
      Collections.sort(rows);
      assertEquals(IntStream.range(0, texts.length).boxed().toList(), rows);
      assertEquals(leastCost(price, texts), cost(price, texts, calls));
    }
  }

  @Test
  void price_belowZero_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new CallSplit(-1));
  }

  /// Over each way to cut the texts in the order of their lengths.
  private static long leastCost(int price, int[] texts) {
    int[] lengths = Arrays.stream(texts).sorted().toArray();
    long least = Long.MAX_VALUE;
    for (int cuts = 0; cuts < 1 << (lengths.length - 1); cuts++) {
      long cost = 0;
      int begin = 0;
      for (int i = 0; i < lengths.length; i++) {
        if (i == lengths.length - 1 || (cuts >> i & 1) == 1) {
          cost += price + (long) (i + 1 - begin) * lengths[i];
          begin = i + 1;
        }
      }
      least = Math.min(least, cost);
    }
    return least;
  }

  private static long cost(int price, int[] texts, List<List<Integer>> calls) {
    return (long) calls.size() * price
        + Arrays.stream(texts).sum()
        + CallSplit.padding(calls, texts);
  }

  @Test
  void padding_isWhatACallsShorterTextsLack() {
    assertEquals(
        3 + 2 + 0, CallSplit.padding(List.of(List.of(0, 1, 3), List.of(2)), ints("2 3 50 5")));
  }

  private static int[] ints(String lengths) {
    return Arrays.stream(lengths.split(" ")).mapToInt(Integer::parseInt).toArray();
  }
}
