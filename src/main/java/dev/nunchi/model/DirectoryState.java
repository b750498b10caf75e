package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What tells whether a directory's files are still the ones that they were, without reading them:
/// of each its name, which file it is, its length, and when it was written. Links are followed, so
/// another target is another state.
///
/// @param files by name
public record DirectoryState(Map<String, String> files) {
  /// Not when the entry was changed: that is also when another hard link to the file comes or goes.
  private static final String ATTRIBUTES = "size,lastModifiedTime,fileKey";

  public DirectoryState {
    files = Map.copyOf(files);
  }

  /// As the directory is now; empty where there is none.
  ///
  /// @throws NunchiException `IO_FAILURE` where it cannot be read
  public static Optional<DirectoryState> of(Path directory) {
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : entries.toList()) {
        files.put(entry.getFileName().toString(), state(entry));
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
    return Optional.of(new DirectoryState(files));
  }

  /// @throws NunchiException `INVALID_MODEL` where the directory is not in this state any more
  public void requireSame(Path directory) {
    if (!of(directory).equals(Optional.of(this))) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s was changed while it was read; write a new directory beside, and rename it or a link to it"
              .formatted(directory));
    }
  }

  private static String state(Path file) {
    try {
      return new TreeMap<>(Files.readAttributes(file, ATTRIBUTES)).toString();
    } catch (IOException _) {
      // It went meanwhile, or is a link to nothing: the next look sees it.
      return "";
    }
  }
}
