package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// A model directory written aside and moved to its destination once it is whole; closed before
/// [#commit], it leaves nothing behind and what stood at the destination untouched.
///
/// A model that stands at the destination is replaced file by file, `nunchi.json` with the digests
/// of the others last: a process that is killed in between leaves a directory that says which file
/// is not its own. What is no model's file there, as the checkpoints of a training run, stays.
public final class StagedDirectory implements AutoCloseable {
  private static final String MODEL_FILES =
      "config\\.json|nunchi\\.json|README\\.md|recipe\\.yaml|.*\\.safetensors(\\.index\\.json)?|model\\.onnx.*|"
          + TokenizerFiles.PATTERN;

  /// The log of a training goes along with an export, but stays where the run still writes it.
  private static final String EXPORTED_LOG = "|metrics\\.jsonl";

  /// What a training run keeps beside its model; such a directory takes a model too.
  private static final String RUN_FILES =
      "checkpoint-\\d+|runs|metrics\\.jsonl.*|data_report\\.json.*|\\.train\\.lock|\\.staged-.*";

  private static final String STAGED = ".staged-";

  private final Path destination;
  private final Path staged;

  private StagedDirectory(Path destination, Path staged) {
    this.destination = destination;
    this.staged = staged;
  }

  /// Begins a directory that is to stand at `destination`.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where the destination holds something other than a
  ///   model
  public static StagedDirectory beside(Path destination) {
    try {
      // A link to a directory stays a link; what it points at is replaced.
      Path real =
          Files.exists(destination) ? destination.toRealPath() : destination.toAbsolutePath();
      requireReplaceable(destination, real);
      Path parent = real.getParent();
      if (parent == null) {
        throw notReplaceable(destination);
      }
      Files.createDirectories(parent);
      Path staged = Files.createTempDirectory(parent, STAGED + real.getFileName() + "-");
      // Temporary directories are private to their user; a model is as readable as its neighbours.
      Path probe = Files.createDirectory(staged.resolve("permissions"));
      if (Files.getFileStore(probe).supportsFileAttributeView("posix")) {
        Files.setPosixFilePermissions(staged, Files.getPosixFilePermissions(probe));
      }
      Files.delete(probe);
      return new StagedDirectory(real, staged);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, destination + " cannot be written", e);
    }
  }

  private static void requireReplaceable(Path named, Path real) throws IOException {
    if (!Files.exists(real, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.isDirectory(real)) {
      throw notReplaceable(named);
    }
    boolean model =
        Files.exists(real.resolve(CheckpointConfig.FILE_NAME))
            || Files.exists(real.resolve(Manifest.FILE_NAME));
    if (!model && !entries(real).stream().allMatch(StagedDirectory::isOfARun)) {
      throw notReplaceable(named);
    }
  }

  private static boolean isOfARun(Path entry) {
    return entry.getFileName().toString().matches(RUN_FILES);
  }

  private static NunchiException notReplaceable(Path destination) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        destination + " exists and is no model directory, so it is not replaced");
  }

  /// Where the files are written until [#commit].
  public Path path() {
    return staged;
  }

  /// Moves the directory to its destination.
  public void commit() {
    try {
      if (!Files.exists(destination)) {
        move(staged, destination);
        return;
      }
      Path manifest = staged.resolve(Manifest.FILE_NAME);
      Set<Path> names = new HashSet<>();
      for (Path entry : entries(staged)) {
        names.add(entry.getFileName());
        if (!entry.equals(manifest)) {
          move(entry, destination.resolve(entry.getFileName()));
        }
      }
      boolean exported = names.contains(Path.of(ModelDirectory.GRAPH));
      for (Path entry : entries(destination)) {
        String name = entry.getFileName().toString();
        if (name.matches(exported ? MODEL_FILES + EXPORTED_LOG : MODEL_FILES)
            && !names.contains(entry.getFileName())) {
          delete(entry);
        }
      }
      if (Files.exists(manifest)) {
        move(manifest, destination.resolve(Manifest.FILE_NAME));
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, destination + " cannot be replaced", e);
    }
  }

  @Override
  public void close() {
    try {
      delete(staged);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, staged + " cannot be deleted", e);
    }
  }

  /// Deletes what processes that were killed left behind beside and inside of a directory; only for
  /// who knows that no one else writes there.
  public static void deleteLeftovers(Path directory) {
    Path absolute = directory.toAbsolutePath().normalize();
    try {
      if (absolute.getParent() != null && Files.isDirectory(absolute.getParent())) {
        deleteStaged(absolute.getParent(), STAGED + absolute.getFileName() + "-");
      }
      if (Files.isDirectory(absolute)) {
        deleteStaged(absolute, STAGED);
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be cleaned", e);
    }
  }

  private static void deleteStaged(Path parent, String prefix) throws IOException {
    for (Path entry : entries(parent)) {
      if (entry.getFileName().toString().startsWith(prefix)) {
        delete(entry);
      }
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
