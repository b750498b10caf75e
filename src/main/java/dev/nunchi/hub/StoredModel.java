package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.model.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A model that is here, by its name.
///
/// @param name under which it was pulled
/// @param revision commit or digest
/// @param refs branches and tags that are this revision
/// @param directory where a command reads it
/// @param license as its card or manifest names it
public record StoredModel(
    String name,
    String revision,
    List<String> refs,
    Path directory,
    List<File> files,
    Optional<String> license) {
  /// @param digest what its bytes should come to, with the algorithm before it; empty where nothing
  ///   says so
  public record File(String name, long bytes, String digest) {
    /// A file as it is now; one that is missing has no bytes.
    static File of(Path directory, String name, String digest) {
      try {
        return new File(name, Files.size(directory.resolve(name)), digest);
      } catch (IOException _) {
        return new File(name, 0, digest);
      }
    }
  }

  /// What the files of a directory name. A damaged manifest names nothing: one model that is
  /// damaged keeps nobody from listing, checking or removing models.
  static Optional<String> license(Path directory) {
    try {
      return Provenance.of(directory).license();
    } catch (NunchiException _) {
      return Optional.empty();
    }
  }

  public long bytes() {
    return files.stream().mapToLong(File::bytes).sum();
  }
}
