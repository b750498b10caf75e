package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NativeHeapTest {
  private long resident = 500;
  private int trims;
  private final NativeHeap heap =
      new NativeHeap(
          () -> OptionalLong.of(resident),
          () -> {
            trims++;
            resident = 400;
          });

  @Test
  void stepped_residentSetThatStays_isNeverTrimmed() {
    for (int step = 0; step < 100; step++) {
      resident = 500 + step % 50;
      heap.stepped();
    }
    assertEquals(0, trims);
  }

  @Test
  void stepped_growthOfAnEighth_isTrimmedOnce() {
    heap.stepped();
    resident = 562;
    heap.stepped();
    assertEquals(0, trims);
    resident = 563;
    heap.stepped();
    assertEquals(1, trims);
    resident = 500;
    heap.stepped();
    assertEquals(1, trims);
  }

  @Test
  void stepped_stepThatNeedsMore_isTheMeasureFromThenOn() {
    heap.stepped();
    resident = 900;
    heap.stepped();
    for (int step = 0; step < 100; step++) {
      resident = 900;
      heap.stepped();
    }
    assertEquals(1, trims);
  }

  @Test
  void stepped_heapThatGrowsWithEachStep_staysBounded() {
    Random random = new Random(1);
    long highest = 0;
    resident = 400;
    for (int step = 0; step < 2000; step++) {
      resident += step == 0 ? 100 : random.nextInt(30);
      highest = Math.max(highest, resident);
      heap.stepped();
    }
    assertTrue(highest <= 500 * 9 / 8 + 30, "highest " + highest);
    assertTrue(trims < 400, "trims " + trims);
  }

  @Test
  void stepped_systemThatDoesNotTell_doesNothing() {
    NativeHeap blind =
        new NativeHeap(
            OptionalLong::empty,
            () -> {
              throw new AssertionError("trimmed");
            });
    assertDoesNotThrow(() -> blind.stepped());
  }

  @Test
  void trim_thisProcess_ofThisSystem_passes() {
    assertDoesNotThrow(() -> NativeHeap.trim().run());
  }
}
