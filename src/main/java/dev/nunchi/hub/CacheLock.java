package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Keeps a file of the cache for one process at a time, as `huggingface_hub` does: by `flock` on a
/// file in `.locks`, which stays when the lock is given back. The system frees the lock of a
/// process that died.
///
/// Java's own locks are those of `fcntl`, of which `flock` knows nothing; so the system is asked.
/// Where there is no `flock`, as on Windows, nothing is locked: then two pulls of the same file at
/// the same time may spoil what they fetch, which the digest shows.
final class CacheLock implements AutoCloseable {
  private static final int READ_WRITE = 2;
  private static final int EXCLUSIVE_WITHOUT_WAITING = 2 | 4;
  private static final long PAUSE_MILLIS = 50;

  /// `EWOULDBLOCK` of Linux and of macOS.
  private static final int HELD_ON_LINUX = 11;

  private static final int HELD_ON_MAC = 35;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final Optional<MethodHandle> OPEN =
      function(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final Optional<MethodHandle> FLOCK =
      function(
          "flock",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
          Linker.Option.captureCallState("errno"));
  private static final Optional<MethodHandle> CLOSE =
      function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private static final int NONE = -1;

  private final int fileDescriptor;

  private CacheLock(int fileDescriptor) {
    this.fileDescriptor = fileDescriptor;
  }

  /// Waits until no other has it.
  ///
  /// @param onWait called once where another has it
  static CacheLock acquire(Path file, Runnable onWait) {
    boolean waited = false;
    while (true) {
      @Nullable CacheLock lock = tryAcquire(file).orElse(null);
      if (lock != null) {
        return lock;
      }
      if (!waited) {
        onWait.run();
        waited = true;
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        throw Failures.interrupted(e);
      }
    }
  }

  /// @return empty where another has it
  static Optional<CacheLock> tryAcquire(Path file) {
    if (OPEN.isEmpty() || FLOCK.isEmpty() || CLOSE.isEmpty()) {
      return Optional.of(new CacheLock(NONE));
    }
    create(file);
    try (Arena arena = Arena.ofConfined()) {
      int descriptor =
          (int) OPEN.get().invokeExact(arena.allocateFrom(file.toString()), READ_WRITE);
      if (descriptor < 0) {
        throw new NunchiException(Reason.IO_FAILURE, file + " cannot be opened to lock it");
      }
      MemorySegment state = arena.allocate(STATE);
      if ((int) FLOCK.get().invokeExact(state, descriptor, EXCLUSIVE_WITHOUT_WAITING) == 0) {
        return Optional.of(new CacheLock(descriptor));
      }
      int error = (int) ERRNO.get(state, 0L);
      close(descriptor);
      // A file system without locks is as a system without them.
      return error == HELD_ON_LINUX || error == HELD_ON_MAC
          ? Optional.empty()
          : Optional.of(new CacheLock(NONE));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("flock failed", e);
    }
  }

  private static void create(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().resolveSibling(""));
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
    } catch (FileAlreadyExistsException _) {
      // Another process made it in between.
    } catch (IOException e) {
      throw DurableFiles.notWritten(file, e);
    }
  }

  private static Optional<MethodHandle> function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find(name)
        .map(address -> linker.downcallHandle(address, descriptor, options));
  }

  private static void close(int descriptor) {
    try {
      int unused = (int) CLOSE.orElseThrow().invokeExact(descriptor);
    } catch (Throwable e) {
      throw new IllegalStateException("close failed", e);
    }
  }

  @Override
  public void close() {
    if (fileDescriptor != NONE) {
      close(fileDescriptor);
    }
  }
}
