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
import java.util.List;
import java.util.stream.Stream;

/// A model directory written beside its destination and moved there once it is whole; closed before
/// [#commit], it leaves nothing behind and what stood at the destination untouched.
///
/// A model that stands at the destination is replaced. What is not a model's file there, as a
/// training's log, moves over to the new directory.
public final class StagedDirectory implements AutoCloseable {
  private static final String MODEL_FILES =
      "config\\.json|nunchi\\.json|README\\.md|recipe\\.yaml|.*\\.safetensors(\\.index\\.json)?|model\\.onnx.*|"
          + TokenizerFiles.PATTERN;

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
      Path staged = Files.createTempDirectory(parent, "." + real.getFileName() + ".");
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
    if (!model && !entries(real).isEmpty()) {
      throw notReplaceable(named);
    }
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
      for (Path entry : entries(destination)) {
        Path kept = staged.resolve(entry.getFileName());
        if (!entry.getFileName().toString().matches(MODEL_FILES) && !Files.exists(kept)) {
          move(entry, kept);
        }
      }
      // No call replaces a directory that is not empty, so the old one steps aside first.
      Path old = Files.createTempDirectory(staged.getParent(), staged.getFileName() + ".old");
      move(destination, old);
      move(staged, destination);
      delete(old);
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

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to);
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
