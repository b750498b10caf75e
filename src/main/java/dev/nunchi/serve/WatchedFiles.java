package dev.nunchi.serve;

import dev.nunchi.PlainFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Small files whose contents are compared from time to time.
///
/// Contents, not times: a mounted secret of Kubernetes is exchanged through symbolic links, and two
/// writes may have one time.
final class WatchedFiles {
  private final List<Path> files;
  private @Nullable List<Integer> seen;

  /// What the files hold now counts as seen.
  WatchedFiles(List<Path> files) {
    this.files = files;
    this.seen = contents();
  }

  /// Whether the files hold something else than at the call before.
  synchronized boolean changed() {
    List<Integer> now = contents();
    boolean changed = !now.equals(seen);
    seen = now;
    return changed;
  }

  private List<Integer> contents() {
    return files.stream().map(WatchedFiles::content).toList();
  }

  private static int content(Path file) {
    if (PlainFile.fault(file).isPresent()) {
      // It would not be read either.
      return 0;
    }
    try {
      return Arrays.hashCode(Files.readAllBytes(file));
    } catch (IOException e) {
      return 0;
    }
  }
}
