package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The model that an adapter was trained on.
///
/// @param name a name of a hub, or the path of a directory
/// @param revision of the hub, empty for a directory and where none was said
/// @param digest of its weights as [Digests#revision] gives it, empty where it is not known, as of
///   an adapter from elsewhere
/// @param inNf4 whether its matrices were rounded to NF4 for the adapter, as [Nf4Base] does
public record AdapterBase(
    String name, Optional<String> revision, Optional<String> digest, boolean inNf4) {
  private static final String NF4 = "nf4";

  /// Of a directory: a snapshot of a hub's cache by its name there, others by their path.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where it holds no weights
  public static AdapterBase of(Path directory) {
    Provenance provenance = Provenance.of(directory);
    return new AdapterBase(
        provenance.name().orElseGet(() -> directory.toAbsolutePath().normalize().toString()),
        provenance.revision(),
        Optional.of(digest(directory)),
        false);
  }

  /// Whether a manifest says that its adapter was trained on a base in NF4.
  ///
  /// @throws NunchiException `UNSUPPORTED_MODEL` for any other type
  static boolean isInNf4(Path adapter, Map<String, String> provenance) {
    @Nullable String type = provenance.get(Provenance.BASE_QUANTIZATION);
    if (type != null && !type.equals(NF4)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s: %s of %s is %s, but %s alone is read"
              .formatted(adapter, Provenance.BASE_QUANTIZATION, Manifest.FILE_NAME, type, NF4));
    }
    return type != null;
  }

  /// This base, rounded to NF4 or not.
  public AdapterBase inNf4(boolean rounded) {
    return new AdapterBase(name, revision, digest, rounded);
  }

  /// What the manifest of an adapter says of it, beside its name.
  public SequencedMap<String, String> provenance() {
    SequencedMap<String, String> provenance = new LinkedHashMap<>();
    digest.ifPresent(known -> provenance.put(Provenance.BASE_DIGEST, known));
    if (inNf4) {
      provenance.put(Provenance.BASE_QUANTIZATION, NF4);
    }
    return provenance;
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
