package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class IdleMemoryTest {
  private static final long MB = 1 << 20;
  private static final long LOOK_NANOS = Duration.ofSeconds(5).toNanos();

  private final FakeProcess process = new FakeProcess();
  private final IdleMemory memory = new IdleMemory(Duration.ofSeconds(15), process);
  private long now;

  @Test
  void looks_afterTheStart_giveBackWhatTheStartLeft() {
    quiet(IdleMemory.QUIET_LOOKS - 1);
    assertEquals(0, process.collections);
    quiet(10);
    assertEquals(1, process.collections);
  }

  @Test
  void looks_whileNothingHasGrown_collectNothing() {
    started();
    process.resident += IdleMemory.GROWTH_BYTES - 1;
    quiet(1000);
    assertEquals(1, process.collections);
  }

  @Test
  void looks_afterAPeak_giveBackOnceItIsQuiet() {
    started();
    process.resident = 440 * MB;
    busy(100);
    assertEquals(1, process.collections);
    quiet(IdleMemory.QUIET_LOOKS - 1);
    assertEquals(1, process.collections);
    quiet(1000);
    assertEquals(2, process.collections);
    assertEquals(200 * MB, process.resident);
  }

  @Test
  void looks_whileCallsKeepATenthOfAProcessor_collectNothing() {
    started();
    process.resident = 440 * MB;
    for (int i = 0; i < 1000; i++) {
      look(i % IdleMemory.QUIET_LOOKS == 0 ? LOOK_NANOS / 10 : 0);
    }
    assertEquals(1, process.collections);
  }

  @Test
  void looks_whileATextIsRun_waitForItsEnd() {
    started();
    process.resident = 440 * MB;
    process.isAtWork = true;
    quiet(100);
    assertEquals(1, process.collections);
    process.isAtWork = false;
    quiet(1);
    assertEquals(2, process.collections);
  }

  @Test
  void looks_whereACollectionBringsNothing_waitUntilAsMuchHasComeAgain() {
    started();
    process.isHeld = true;
    process.resident = 440 * MB;
    quiet(1000);
    assertEquals(2, process.collections);
    process.resident += IdleMemory.GROWTH_BYTES - 1;
    quiet(1000);
    assertEquals(2, process.collections);
    process.resident += 1;
    quiet(1000);
    assertEquals(3, process.collections);
  }

  @Test
  void looks_whatFellByItself_countFromThere() {
    started();
    process.resident = 100 * MB;
    quiet(1);
    process.resident = 100 * MB + IdleMemory.GROWTH_BYTES;
    quiet(1);
    assertEquals(2, process.collections);
  }

  /// As Java's serial collector does.
  @Test
  void looks_whereTheHeapComesBackInSteps_collectAgainWhileItIsWide() {
    started();
    process.resident = 440 * MB;
    process.heaps.addAll(List.of(240 * MB, 220 * MB, 150 * MB, 35 * MB));
    quiet(1);
    assertEquals(2, process.collections);
    busy(1);
    quiet(IdleMemory.QUIET_LOOKS - 1);
    assertEquals(2, process.collections);
    quiet(1000);
    assertEquals(5, process.collections);
  }

  @Test
  void looks_whereTheHeapStaysWide_endWithTheFourthCollection() {
    started();
    process.resident = 440 * MB;
    process.heap = 240 * MB;
    quiet(1000);
    assertEquals(1 + IdleMemory.MOST_COLLECTIONS, process.collections);
  }

  @Test
  @Timeout(30)
  void start_whereTheServerHasLittleToDo_looksByItself() throws InterruptedException {
    IdleMemory watch = new IdleMemory(Duration.ofMillis(30), process);
    watch.started(new StartupEvent());
    try {
      assertTrue(watch.isWatching());
      process.hasGivenBack.await();
    } finally {
      watch.stop(new ShutdownEvent());
    }
  }

  @Test
  void start_whereItIsOff_doesNotWatch() {
    IdleMemory watch = new IdleMemory(Duration.ZERO, process);
    watch.started(new StartupEvent());
    assertFalse(watch.isWatching());
  }

  private void started() {
    quiet(IdleMemory.QUIET_LOOKS);
    assertEquals(1, process.collections);
  }

  private void quiet(int looks) {
    for (int i = 0; i < looks; i++) {
      look(LOOK_NANOS / 11);
    }
  }

  private void busy(int looks) {
    for (int i = 0; i < looks; i++) {
      look(LOOK_NANOS / 10);
    }
  }

  private void look(long processorNanos) {
    now += LOOK_NANOS;
    process.processorNanos += processorNanos;
    memory.look(now);
  }

  private static final class FakeProcess implements IdleMemory.Process {
    private final List<Long> heaps = new ArrayList<>();
    private long resident = 250 * MB;
    private long heap = 35 * MB;
    private long processorNanos;
    private boolean isAtWork;
    private boolean isHeld;
    private final CountDownLatch hasGivenBack = new CountDownLatch(1);
    private int collections;

    @Override
    public long residentBytes() {
      return resident;
    }

    @Override
    public long heapBytes() {
      return heap;
    }

    @Override
    public long usedHeapBytes() {
      return 20 * MB;
    }

    @Override
    public long processorNanos() {
      return processorNanos;
    }

    @Override
    public boolean isAtWork() {
      return isAtWork;
    }

    @Override
    public void giveBack() {
      collections++;
      hasGivenBack.countDown();
      if (!isHeld) {
        resident = 200 * MB;
      }
      if (!heaps.isEmpty()) {
        heap = heaps.removeFirst();
      }
    }
  }
}
