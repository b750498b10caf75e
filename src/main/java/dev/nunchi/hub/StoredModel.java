package dev.nunchi.hub;

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
  public record File(String name, long bytes, String digest) {}

  public long bytes() {
    return files.stream().mapToLong(File::bytes).sum();
  }
}
