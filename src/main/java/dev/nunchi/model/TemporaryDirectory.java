package dev.nunchi.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/// A directory for work in progress, deleted with all that is in it by [#close] and where the
/// process is told to end.
public final class TemporaryDirectory implements AutoCloseable {
  private final Path path;
  private final ExitCleanUp.Work deletion;

  private TemporaryDirectory(Path path) {
    this.path = path;
    this.deletion = () -> DurableFiles.deleteTree(path);
  }

  /// One among the system's temporary files.
  ///
  /// @throws dev.nunchi.NunchiException `IO_FAILURE` where it cannot be made
  public static TemporaryDirectory create() {
    return in(Path.of(System.getProperty("java.io.tmpdir")), "nunchi-");
  }

  /// One beside what it is for, where there is room for it: the system's temporary files often lie
  /// in memory.
  ///
  /// @param prefix of its name
  /// @throws dev.nunchi.NunchiException `IO_FAILURE` where it cannot be made
  public static TemporaryDirectory in(Path parent, String prefix) {
    TemporaryDirectory made = new TemporaryDirectory(parent.resolve(prefix + UUID.randomUUID()));
    try {
      // Also the parent, should someone have removed it during the work.
      ExitCleanUp.create(() -> Files.createDirectories(made.path), made.deletion);
      return made;
    } catch (IOException e) {
      throw DurableFiles.notWritten(parent, e);
    }
  }

  public Path path() {
    return path;
  }

  @Override
  public void close() {
    try {
      DurableFiles.deleteTree(path);
      ExitCleanUp.forget(deletion);
    } catch (IOException e) {
      throw DurableFiles.notWritten(path, e);
    }
  }
}
