package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/// The files of a directory that this program wrote: those that a manifest names and that have the
/// digest it names.
///
/// Beside `nunchi.json` there may be the manifest of a model that a killed process was about to put
/// there. A manifest is read for its lists of files alone; one of a newer format lists nothing, as
/// what it means is not known.
public final class WrittenFiles {
  /// The manifest of a model whose files are being moved into place.
  static final String JOURNAL = "journal.json";

  private static final String REMOVED = DurableFiles.HIDDEN + "removed-";

  private final Path directory;
  private final Map<String, Set<String>> digests = new HashMap<>();

  private WrittenFiles(Path directory) {
    this.directory = directory;
  }

  /// @param directory need not exist
  public static WrittenFiles of(Path directory) {
    WrittenFiles written = new WrittenFiles(directory);
    if (!Files.isDirectory(directory)) {
      return written;
    }
    written.add(directory.resolve(Manifest.FILE_NAME));
    try {
      for (Path entry : DurableFiles.entries(directory)) {
        if (StagedDirectory.isStaged(entry)) {
          written.add(entry.resolve(JOURNAL));
        }
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
    return written;
  }

  private void add(Path manifest) {
    Map<String, String> listed = listed(manifest);
    listed.forEach(
        (name, digest) -> digests.computeIfAbsent(name, _ -> new HashSet<>()).add(digest));
  }

  /// SHA-256 of the files that a manifest lists, by name; empty where it is none of ours.
  static Map<String, String> listed(Path manifest) {
    Map<String, String> listed = new TreeMap<>();
    if (!Files.isRegularFile(manifest)) {
      return listed;
    }
    ObjectNode json;
    try {
      json = Json.read(manifest);
    } catch (NunchiException _) {
      return listed;
    }
    if (json.path("format_version").asInt() != Manifest.FORMAT_VERSION) {
      return listed;
    }
    for (String list : new String[] {"files", "documents"}) {
      for (Map.Entry<String, JsonNode> file : json.path(list).properties()) {
        // A name from a file must not lead out of the directory.
        if (file.getKey().matches("[\\w.-]+") && !file.getKey().startsWith("..")) {
          listed.put(file.getKey(), file.getValue().asText());
        }
      }
    }
    return listed;
  }

  /// Whether there is a model of this program's, whole or not.
  public boolean hasModel() {
    return !digests.isEmpty();
  }

  /// Whether a manifest names a file, changed or not.
  public boolean list(String name) {
    return digests.containsKey(name);
  }

  /// Whether a file of the directory is as it was written, or a link to what was linked.
  boolean hold(Path file) {
    String name = file.getFileName().toString();
    Set<String> known = digests.getOrDefault(name, Set.of());
    return name.equals(Manifest.FILE_NAME)
        ? Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && !listed(file).isEmpty()
        : !known.isEmpty() && Files.isRegularFile(file) && known.contains(Digests.sha256(file));
  }

  /// Removes the directory, whose other files stay under a new name of it.
  public void remove() {
    try {
      List<Path> own = DurableFiles.entries(directory).stream().filter(this::hold).toList();
      if (own.size() == DurableFiles.entries(directory).size()) {
        Path removed = directory.resolveSibling(REMOVED + UUID.randomUUID());
        DurableFiles.move(directory, removed);
        DurableFiles.deleteTree(removed);
        return;
      }
      Path kept = DurableFiles.setAside(directory);
      for (Path file : own) {
        Files.delete(kept.resolve(file.getFileName()));
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be removed", e);
    }
  }

  /// Whether an entry is what [#remove] of a process that was killed left behind.
  static boolean isRemoved(Path entry) {
    return entry.getFileName().toString().startsWith(REMOVED);
  }
}
