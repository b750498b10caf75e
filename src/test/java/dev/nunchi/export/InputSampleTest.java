package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class InputSampleTest {
  @Test
  void rows_fewerThanAreKept_areAllOnce() {
    InputSample sample = new InputSample(2);
    sample.add(new float[] {1, -2, 3, 0});
    sample.add(new float[] {-5, 1});
    assertArrayEquals(new float[] {1, -2, 3, 0, -5, 1}, sample.few());
    assertArrayEquals(new float[] {1, -2, 3, 0, -5, 1}, sample.drawn());
    assertArrayEquals(new float[] {-5, -2}, sample.least());
    assertArrayEquals(new float[] {3, 1}, sample.greatest());
  }

  @Test
  void rows_oneFarLargerAmongMany_isAmongThem() {
    Random random = new Random(1);
    InputSample sample = new InputSample(3);
    for (int row = 0; row < 20_000; row++) {
      float x = row == 12_345 ? 900 : random.nextFloat();
      sample.add(new float[] {x, row / 1e5f, -x});
    }
    float[] rows = sample.few();
    int found = 0;
    for (int i = 0; i < rows.length; i += 3) {
      assertEquals(rows[i], -rows[i + 2]);
      found += rows[i] == 900 ? 1 : 0;
    }
    assertTrue(found >= 1 && rows.length < 300 * 3, found + " of " + rows.length / 3);
  }
}
