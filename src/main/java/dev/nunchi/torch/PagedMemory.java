package dev.nunchi.torch;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/// Memory that lies in a file: where the machine has too little of its own, the system puts what is
/// not in use back there, as it does with what bitsandbytes calls paged.
///
/// The file has no name, so that nothing of it is left when the process ends, however that comes.
/// All of it is written at first: a disk that has no room says so then, and not by ending the
/// process in the middle of a step.
final class PagedMemory {
  private static final int PIECE = 1 << 20;

  private PagedMemory() {}

  /// Zeros.
  ///
  /// @param directory that the file lies in; made where there is none
  /// @param bytes at most that are allocated
  /// @param arena that it lives in
  /// @throws dev.nunchi.NunchiException `IO_FAILURE` where the directory has no room for it
  static SegmentAllocator in(Path directory, long bytes, Arena arena) {
    Path file = directory.resolve(".nunchi-" + UUID.randomUUID() + ".pages");
    try {
      Files.createDirectories(directory);
      return inFile(file, bytes, arena);
    } catch (IOException e) {
      throw new NunchiException(
          Reason.IO_FAILURE,
          "The moments of paged_adamw_8bit, %d MB, cannot be kept in a file of %s (%s); make room"
                  .formatted(bytes / 1_000_000, directory, e.getMessage())
              + " there, or train with adamw_8bit, which keeps them in memory",
          e);
    }
  }

  private static SegmentAllocator inFile(Path file, long bytes, Arena arena) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      Files.delete(file);
      ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(PIECE, bytes));
      for (long at = 0; at < bytes; ) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
        at += channel.write(zeros, at);
      }
      MemorySegment memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
      return SegmentAllocator.slicingAllocator(memory);
    }
  }
}
