package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.MallocTrim;
import dev.nunchi.ResidentMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    assertDoesNotThrow(() -> MallocTrim.ofThisProcess().run());
  }

  /// Small tensors stay between the large ones, as what a step leaves does.
  @Test
  @EnabledOnOs(OS.LINUX)
  void largeTensors_freedBetweenOthers_giveTheirPagesBack() {
    TorchRuntime.load(1);
    ResidentMemory memory = ResidentMemory.ofThisProcess();
    try (PointerScope scope = new PointerScope()) {
      torch.ones(4 << 20).close();
      List<Tensor> large = new ArrayList<>();
      for (int i = 0; i < 48; i++) {
        large.add(torch.ones(2 << 20));
        torch.ones(1 << 10);
      }
      long before = memory.bytes().orElseThrow();
      large.forEach(Tensor::close);
      long freed = before - memory.bytes().orElseThrow();
      assertTrue(freed > 48L * (8 << 20) / 2, "freed " + freed);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MALLOC_MMAP_THRESHOLD_, 1048576, true",
    "GLIBC_TUNABLES, glibc.malloc.arena_max=2, true",
    "GLIBC_TUNABLES, glibc.cpu.hwcaps=-AVX2, false",
    "PATH, /bin, false"
  })
  void isSetUp_environment_leavesTheUsersHeap(String name, String value, boolean expected) {
    assertEquals(expected, NativeHeap.isSetUp(Map.of(name, value)));
  }
}
