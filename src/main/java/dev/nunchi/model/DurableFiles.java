package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Changes of files that are whole or not there, also after a loss of power: written beside,
/// synced, renamed, and the directory synced before they count.
public final class DurableFiles {
  /// What begins every name that is only there while something is written.
  static final String HIDDEN = ".nunchi-";

  private static final String BESIDE = ".new";
  private static final String KEPT = ".kept";

  private DurableFiles() {}

  /// What a file is to hold.
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /// Writes a file in place of an older one.
  ///
  /// @throws NunchiException `IO_FAILURE` where it cannot be written; the older one stays
  public static void write(Path file, String content) {
    write(file, out -> out.write(content.getBytes(StandardCharsets.UTF_8)));
  }

  /// Writes a file in place of an older one, a part at a time.
  ///
  /// @throws NunchiException `IO_FAILURE` where it cannot be written; the older one stays
  public static void write(Path file, Content content) {
    Path beside = file.resolveSibling(HIDDEN + UUID.randomUUID() + BESIDE);
    try {
      try {
        try (OutputStream out = Files.newOutputStream(beside, StandardOpenOption.CREATE_NEW)) {
          content.writeTo(out);
        }
        sync(beside);
        move(beside, file);
      } finally {
        Files.deleteIfExists(beside);
      }
      // The directory that holds it.
      syncDirectory(beside.toAbsolutePath().resolveSibling(""));
    } catch (IOException e) {
      throw notWritten(file, e);
    }
  }

  /// Whether an entry is what [#write] of a process that was killed left behind.
  static boolean isLeftover(Path entry) {
    String name = entry.getFileName().toString();
    return name.startsWith(HIDDEN) && name.endsWith(BESIDE);
  }

  /// A failure that says why, and what helps.
  public static NunchiException notWritten(Path path, IOException e) {
    return new NunchiException(
        Reason.IO_FAILURE, "%s cannot be written: %s".formatted(path, reason(e)), e);
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException denied) {
      return denied.getFile() + " may not be written by this user";
    }
    if (e instanceof NoSuchFileException missing) {
      return missing.getFile() + " is not there (any more)";
    }
    @Nullable String said =
        e instanceof FileSystemException system && system.getReason() != null
            ? system.getReason()
            : e.getMessage();
    if (said == null) {
      return e.getClass().getSimpleName();
    }
    return said.equals("No space left on device") ? "the disk is full" : said;
  }

  /// Copies what is in a file to a new one, which has the mode of any new file: git-annex keeps
  /// files that nobody may write, and the copy is changed later.
  public static void copy(Path from, Path to) throws IOException {
    try (InputStream in = Files.newInputStream(from)) {
      Files.copy(in, to);
    }
  }

  /// Makes what was written to a file outlast a loss of power. It may be one that the user can only
  /// read, shared with another model.
  public static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /// Makes renames in a directory last, where the system lets a directory be opened.
  public static void syncDirectory(Path directory) throws IOException {
    if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /// Renames what stands at a path to a free name beside it.
  ///
  /// @return the new name
  public static Path setAside(Path path) throws IOException {
    Path kept = path.resolveSibling(path.getFileName() + KEPT);
    for (int number = 2; Files.exists(kept, LinkOption.NOFOLLOW_LINKS); number++) {
      kept = path.resolveSibling(path.getFileName() + KEPT + "-" + number);
    }
    move(path, kept);
    return kept;
  }

  static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  /// Deletes a file, or a directory with all that is in it; links are not followed.
  public static void deleteTree(Path directory) throws IOException {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
