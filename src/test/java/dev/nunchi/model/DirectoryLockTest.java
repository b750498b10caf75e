package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryLockTest {
  private static final int PROCESSES = 3;
  private static final int TURNS = 200;

  @TempDir private Path directory;

  @Test
  void tryAcquire_processesThatTakeAndDeleteTheFile_neverHoldItTogether() throws Exception {
    Path real = directory.toRealPath();
    Files.writeString(real.resolve("count"), "0");
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Counter.class.getName(),
                  real.toString())
              .inheritIO()
              .start());
    }
    for (Process process : processes) {
      assertTrue(process.waitFor(2, TimeUnit.MINUTES));
      assertEquals(0, process.exitValue());
    }
    assertEquals(
        Integer.toString(PROCESSES * TURNS), Files.readString(real.resolve("count")).strip());
  }

  @Test
  void mark_leftByOne_isReadByTheNextAndKeepsTheFile() throws IOException {
    Path real = directory.toRealPath();
    try (DirectoryLock lock = DirectoryLock.tryAcquire(real).orElseThrow()) {
      assertTrue(DirectoryLock.tryAcquire(real).isEmpty());
      assertTrue(DirectoryLock.isHeld(real));
      lock.mark("unfinished");
    }
    assertFalse(DirectoryLock.isHeld(real));
    assertEquals("unfinished", DirectoryLock.mark(real));
    try (DirectoryLock lock = DirectoryLock.tryAcquire(real).orElseThrow()) {
      lock.mark("");
    }
    assertFalse(Files.exists(real.resolve(DirectoryLock.FILE_NAME)));
    assertEquals("", DirectoryLock.mark(real));
  }

  /// A process that adds to a number as often as it gets the lock, without care of its own.
  static final class Counter {
    private Counter() {}

    public static void main(String[] arguments) throws IOException {
      Path directory = Path.of(arguments[0]);
      Path count = directory.resolve("count");
      for (int turns = 0; turns < TURNS; ) {
        Optional<DirectoryLock> lock = DirectoryLock.tryAcquire(directory);
        if (lock.isPresent()) {
          int before = Integer.parseInt(Files.readString(count).strip());
          Files.writeString(count, Integer.toString(before + 1));
          lock.get().close();
          turns++;
        }
        Thread.yield();
      }
    }
  }
}
