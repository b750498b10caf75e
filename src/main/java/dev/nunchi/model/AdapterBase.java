package dev.nunchi.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The model that an adapter was trained on.
///
/// @param name a name of a hub, or the path of a directory
/// @param revision of the hub, empty for a directory and where none was said
/// @param digest of its weights as [Digests#revision] gives it, empty where it is not known, as of
///   an adapter from elsewhere
public record AdapterBase(String name, Optional<String> revision, Optional<String> digest) {

  /// Of a directory: a snapshot of a hub's cache by its name there, others by their path.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where it holds no weights
  public static AdapterBase of(Path directory) {
    Provenance provenance = Provenance.of(directory);
    return new AdapterBase(
        provenance.name().orElseGet(() -> directory.toAbsolutePath().normalize().toString()),
        provenance.revision(),
        Optional.of(digest(directory)));
  }

  /// The digest of a directory's weights.
  static String digest(Path directory) {
    WeightFiles form = WeightFiles.in(directory).orElseThrow(() -> WeightFiles.none(directory));
    Map<String, String> shards = form.shards(directory);
    return Digests.revision(
        Digests.of(
            directory, shards.isEmpty() ? List.of(form.single()) : Set.copyOf(shards.values())));
  }

  /// The directory: by the path as it stands, or in `others`, or beside the adapter, a path from
  /// another machine by its last name.
  ///
  /// @param adapter directory that names it
  Optional<Path> find(Path adapter, BaseModels others) {
    if (name.isBlank() || name.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    Path given = Path.of(name);
    if (Files.isDirectory(given)) {
      return Optional.of(given);
    }
    Optional<Path> other = others.find(revision.map(at -> name + "@" + at).orElse(name));
    @Nullable Path parent = adapter.toAbsolutePath().normalize().getParent();
    @Nullable Path last = given.getFileName();
    if (other.isPresent() || parent == null || last == null) {
      return other;
    }
    Path beside = parent.resolve(given.isAbsolute() ? last : given).normalize();
    return Files.isDirectory(beside) ? Optional.of(beside) : other;
  }

  @Override
  public String toString() {
    return PickleBytes.shown(name);
  }
}
