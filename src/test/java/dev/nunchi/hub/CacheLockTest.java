package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheLockTest {
  @TempDir private Path directory;

  @Test
  void acquire_heldLock_waitsAndSaysSoOnce() throws Exception {
    Path file = directory.resolve("deep/file.lock");
    CountDownLatch waiting = new CountDownLatch(1);
    Thread other;
    try (CacheLock _ = CacheLock.acquire(file, () -> {})) {
      assertTrue(CacheLock.tryAcquire(file).isEmpty());
      other = Thread.ofPlatform().start(() -> CacheLock.acquire(file, waiting::countDown).close());
      assertTrue(waiting.await(10, TimeUnit.SECONDS));
      assertTrue(other.isAlive());
    }
    other.join();
    assertTrue(Files.exists(file), "as huggingface_hub leaves it");
    CacheLock.tryAcquire(file).orElseThrow().close();
  }

  /// `flock` of util-linux, as Python's `fcntl.flock` is the same call.
  @Test
  void acquire_lockOfAnotherProgram_isSeenAndShown() throws Exception {
    Path file = Files.createFile(directory.resolve("x.lock"));
    Process holder = flock(file, "echo held; read line");
    try {
      assertEquals('h', holder.getInputStream().read());
      assertTrue(CacheLock.tryAcquire(file).isEmpty());
    } finally {
      holder.getOutputStream().close();
      holder.waitFor();
    }
    try (CacheLock _ = CacheLock.acquire(file, () -> {})) {
      assertFalse(flock(file, "true").waitFor() == 0);
    }
    assertEquals(0, flock(file, "true").waitFor());
  }

  private static Process flock(Path file, String command) throws Exception {
    return new ProcessBuilder("flock", "-n", file.toString(), "sh", "-c", command).start();
  }
}
