package dev.nunchi.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Keeps a directory for one process at a time, by a lock on the file `.nunchi.lock` in it. The
/// system frees the lock of a process that died.
///
/// The file begins with a mark that outlasts the process, for example that a training has not
/// ended; without one the holder deletes it at the end. Another process may have opened the file
/// before and get the lock of what is deleted by then. So a lock counts only when its file is still
/// the one of that name: the holder gives it a length at random through the lock's channel, and
/// looks for it under the name.
final class DirectoryLock implements AutoCloseable {
  static final String FILE_NAME = ".nunchi.lock";

  private static final int LEAST_LENGTH = 1 << 10;
  private static final int MOST_LENGTH = 1 << 20;

  /// Closing any channel of a file frees all locks of this process on it, so within the process the
  /// file of a held lock is not opened again.
  private static final Set<Path> HELD = new HashSet<>();

  private final Path directory;
  private final FileChannel channel;
  private String mark;

  private DirectoryLock(Path directory, FileChannel channel, String mark) {
    this.directory = directory;
    this.channel = channel;
    this.mark = mark;
  }

  /// @param directory the real path of one that exists
  /// @return empty where another holds it
  static Optional<DirectoryLock> tryAcquire(Path directory) throws IOException {
    synchronized (HELD) {
      if (HELD.contains(directory)) {
        return Optional.empty();
      }
      while (true) {
        FileChannel channel = open(directory, StandardOpenOption.CREATE);
        try {
          if (!isLocked(channel)) {
            channel.close();
            return Optional.empty();
          }
          String mark = mark(channel);
          if (isCurrent(directory, channel)) {
            HELD.add(directory);
            return Optional.of(new DirectoryLock(directory, channel, mark));
          }
          channel.close();
        } catch (IOException e) {
          channel.close();
          throw e;
        }
      }
    }
  }

  private static FileChannel open(Path directory, StandardOpenOption... more) throws IOException {
    Set<OpenOption> options = new HashSet<>(Set.of(more));
    options.add(StandardOpenOption.READ);
    options.add(StandardOpenOption.WRITE);
    options.add(LinkOption.NOFOLLOW_LINKS);
    return FileChannel.open(directory.resolve(FILE_NAME), options);
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      @Nullable FileLock held = channel.tryLock();
      return held != null;
    } catch (OverlappingFileLockException _) {
      return false;
    }
  }

  private static boolean isCurrent(Path directory, FileChannel channel) throws IOException {
    int length = ThreadLocalRandom.current().nextInt(LEAST_LENGTH, MOST_LENGTH);
    channel.truncate(length);
    channel.write(ByteBuffer.allocate(1), length - 1);
    try {
      return Files.size(directory.resolve(FILE_NAME)) == length;
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  /// Whether another process holds a directory now; nothing is changed there.
  static boolean isHeld(Path directory) throws IOException {
    synchronized (HELD) {
      if (HELD.contains(directory)) {
        return true;
      }
      try (FileChannel channel = open(directory)) {
        return !isLocked(channel);
      } catch (NoSuchFileException _) {
        return false;
      }
    }
  }

  /// The mark that a process left in a directory; empty where there is none.
  static String mark(Path directory) throws IOException {
    synchronized (HELD) {
      try (FileChannel channel =
          FileChannel.open(
              directory.resolve(FILE_NAME), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
        return mark(channel);
      } catch (NoSuchFileException _) {
        return "";
      }
    }
  }

  private static String mark(FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(LEAST_LENGTH);
    int bytes = Math.max(0, channel.read(start, 0));
    String text = new String(start.array(), 0, bytes, StandardCharsets.ISO_8859_1);
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  /// @param text shorter than a kilobyte; empty for no mark
  void mark(String text) throws IOException {
    mark = text;
    channel.truncate(text.length());
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)), 0);
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    synchronized (HELD) {
      if (!channel.isOpen()) {
        return;
      }
      try (channel) {
        if (mark.isEmpty()) {
          Files.deleteIfExists(directory.resolve(FILE_NAME));
        } else {
          channel.truncate(mark.length());
        }
      } finally {
        HELD.remove(directory);
      }
    }
  }
}
