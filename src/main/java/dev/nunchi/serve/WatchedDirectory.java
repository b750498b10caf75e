package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.model.DirectoryState;
import java.nio.file.Path;
import java.util.Optional;

/// A directory of a model that is looked at from time to time, to see when it is to be opened: when
/// it is the same at two looks, so that one which is being copied is left alone, and another than
/// when it was opened or refused last.
final class WatchedDirectory {
  private final Path path;
  private Optional<DirectoryState> seen;
  private Optional<DirectoryState> tried;

  private WatchedDirectory(
      Path path, Optional<DirectoryState> seen, Optional<DirectoryState> tried) {
    this.path = path;
    this.seen = seen;
    this.tried = tried;
  }

  /// One that was found at this look.
  static WatchedDirectory found(Path path) {
    return new WatchedDirectory(path, state(path), Optional.empty());
  }

  /// One that is opened now.
  static WatchedDirectory opened(Path path) {
    Optional<DirectoryState> state = state(path);
    return new WatchedDirectory(path, state, state);
  }

  Path path() {
    return path;
  }

  /// Looks, and says whether it is to be opened now.
  boolean isDue() {
    Optional<DirectoryState> now = state(path);
    boolean due = now.equals(seen) && !now.equals(tried);
    seen = now;
    if (due) {
      tried = now;
    }
    return due;
  }

  /// One that cannot be read is as if there were none: who opens it says why.
  private static Optional<DirectoryState> state(Path path) {
    try {
      return DirectoryState.of(path);
    } catch (NunchiException _) {
      return Optional.empty();
    }
  }
}
