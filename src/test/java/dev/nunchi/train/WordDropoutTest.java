package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.text.Encoding;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WordDropoutTest {
  @Test
  void apply_manyTexts_leavesOutTheShare() {
    WordDropout dropout = new WordDropout(0.3, 5);
    Encoding text = text(102);
    double kept =
        IntStream.range(0, 500).mapToLong(i -> dropout.apply(text, 0, i).length() - 2).sum()
            / (500.0 * 100);
    assertEquals(0.7, kept, 0.02);
  }

  @Test
  void apply_anyText_keepsOrderEndsAndAToken() {
    WordDropout dropout = new WordDropout(0.95, 5);
    for (int length = 4; length < 30; length++) {
      Encoding text = text(length);
      for (int epoch = 0; epoch < 20; epoch++) {
        int[] ids = dropout.apply(text, epoch, length).inputIds();
        assertEquals(0, ids[0]);
        assertEquals(length - 1, ids[ids.length - 1]);
        assertTrue(ids.length >= 3, Arrays.toString(ids));
        assertArrayEquals(Arrays.stream(ids).sorted().distinct().toArray(), ids);
      }
    }
  }

  @Test
  void apply_sameEpochAndText_isTheSame_elseDiffers() {
    WordDropout dropout = new WordDropout(0.5, 5);
    Encoding text = text(60);
    int[] first = dropout.apply(text, 1, 7).inputIds();
    assertArrayEquals(first, dropout.apply(text, 1, 7).inputIds());
    assertFalse(Arrays.equals(first, dropout.apply(text, 2, 7).inputIds()));
    assertFalse(Arrays.equals(first, dropout.apply(text, 1, 8).inputIds()));
    assertFalse(Arrays.equals(first, new WordDropout(0.5, 6).apply(text, 1, 7).inputIds()));
  }

  @Test
  void apply_textWithAContext_keepsWhatPartsThem() {
    int[] ids = {2, 7, 8, 9, 3, 7, 8, 9, 3};
    Encoding pair =
        new Encoding(ids, new int[] {0, 0, 0, 0, 0, 1, 1, 1, 1}, List.of(), 9, 0, false, 5);
    for (int epoch = 0; epoch < 20; epoch++) {
      int[] left = new WordDropout(0.95, 5).apply(pair, epoch, 1).inputIds();
      assertEquals(2, Arrays.stream(left).filter(id -> id == 3).count(), Arrays.toString(left));
    }
  }

  @Test
  void apply_none_isTheText() {
    Encoding text = text(9);
    assertSame(text, new WordDropout(0, 5).apply(text, 1, 1));
  }

  private static Encoding text(int length) {
    return new Encoding(
        IntStream.range(0, length).toArray(), new int[length], List.of(), length, 0, false);
  }
}
