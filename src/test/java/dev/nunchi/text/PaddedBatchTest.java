package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PaddedBatchTest {
  @Test
  void of_unequalLengths_padsOnTheRight() {
    Encoding shorter = encoding(new int[] {2, 3}, new int[] {0, 0});
    Encoding longer = encoding(new int[] {2, 7, 8, 3}, new int[] {0, 0, 1, 1});
    PaddedBatch batch = PaddedBatch.of(List.of(shorter, longer), 9);
    assertEquals(2, batch.batch());
    assertEquals(4, batch.seq());
    assertArrayEquals(new long[] {2, 3, 9, 9, 2, 7, 8, 3}, batch.inputIds());
    assertArrayEquals(new long[] {1, 1, 0, 0, 1, 1, 1, 1}, batch.attentionMask());
    assertArrayEquals(new long[] {0, 0, 0, 0, 0, 0, 1, 1}, batch.tokenTypeIds());
    assertEquals(6, batch.tokens());
  }

  private static Encoding encoding(int[] ids, int[] types) {
    return new Encoding(ids, types, List.of(), ids.length, 0, false);
  }
}
