package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class OwnMemoryTest {
  private static final int BLOCKS = 4096;
  private static final int BLOCK_BYTES = 32 << 10;

  private final OwnMemory memory = new OwnMemory(new ModelRegistry(List.of()));

  @Test
  void figures_areOfThisProcess() {
    assertTrue(memory.residentBytes() > memory.usedHeapBytes());
    assertTrue(memory.heapBytes() > memory.usedHeapBytes());
    assertTrue(memory.usedHeapBytes() > 0);
    assertTrue(memory.processorNanos() > 0);
    assertFalse(memory.isAtWork());
  }

  /// Freed blocks of which each second one is kept until the others are gone: the C library holds
  /// on to all of them.
  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "Only glibc has malloc_trim")
  void giveBack_whatTheLibraryHoldsFree_isGivenToTheSystem() throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle malloc =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("malloc"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    MethodHandle free =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("free"),
            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
    MemorySegment[] blocks = new MemorySegment[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      MemorySegment block = (MemorySegment) malloc.invokeExact((long) BLOCK_BYTES);
      blocks[i] = block.reinterpret(BLOCK_BYTES).fill((byte) 1);
    }
    for (int i = 0; i < BLOCKS; i += 2) {
      free.invokeExact(blocks[i]);
    }
    long before = memory.residentBytes();
    memory.giveBack();
    long came = before - memory.residentBytes();
    for (int i = 1; i < BLOCKS; i += 2) {
      free.invokeExact(blocks[i]);
    }
    assertTrue(came > (long) BLOCKS / 4 * BLOCK_BYTES, "%d MB came back".formatted(came >> 20));
  }
}
