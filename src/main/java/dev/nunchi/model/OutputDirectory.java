package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A directory that a command writes a model into, held by one process at a time.
///
/// What is in it and harms nothing stays: a diary, a log, pictures. A file in a place of the
/// model's, or one that a reader would take for a part of it, has to be this program's own, by its
/// manifest; [#require] says so before any work.
public final class OutputDirectory implements AutoCloseable {
  /// What is done about a model of this program that stands there.
  public enum Existing {
    /// It is a reason to refuse.
    KEEP,
    /// It is replaced once the new one is whole.
    REPLACE
  }

  /// Files that are written, or that some reader of a model directory opens by its name.
  private static final String CLAIMED =
      "config\\.json|classifier_config\\.json|nunchi\\.json|README\\.md|recipe\\.yaml|model\\.safetensors(\\.index\\.json)?|"
          + "pytorch_model\\.bin(\\.index\\.json)?|adapter_(config\\.json|model\\..*)|"
          + "model\\.onnx|model\\.onnx[._]data|"
          + TokenizerFiles.PATTERN;

  private final Path path;
  private final DirectoryLock lock;
  private final ExitCleanUp.Work release;

  /// @param made directories that this process made, the innermost first
  private OutputDirectory(Path path, DirectoryLock lock, List<Path> made) {
    this.path = path;
    this.lock = lock;
    this.release =
        () -> {
          lock.close();
          removeEmpty(made);
        };
  }

  /// Looks whether a model can be written to a directory, which need not exist; changes nothing.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` naming what is in the way; `IO_FAILURE` where the
  ///   directory may not be written
  public static void require(Path named, Existing existing) {
    try {
      Path real = real(named);
      if (!Files.exists(real)) {
        requireCreatable(named, real);
        return;
      }
      if (!Files.isWritable(real)) {
        throw new NunchiException(
            Reason.IO_FAILURE, "%s may not be written by this user".formatted(named));
      }
      if (DirectoryLock.isHeld(real)) {
        throw inUse(named);
      }
      requireOwn(named, real, existing);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, named + " cannot be read", e);
    }
  }

  /// Makes the directory where it does not exist, takes it for this process, finishes or removes
  /// what one that was killed has left, and holds it until [#close].
  ///
  /// @throws NunchiException as [#require]
  public static OutputDirectory open(Path named, Existing existing) {
    require(named, existing);
    try {
      Path wanted = real(named);
      List<Path> made = new ArrayList<>();
      for (@Nullable Path up = wanted; up != null && !Files.exists(up); up = up.getParent()) {
        made.add(up);
      }
      return open(named, wanted, made);
    } catch (IOException e) {
      throw DurableFiles.notWritten(named, e);
    }
  }

  private static OutputDirectory open(Path named, Path wanted, List<Path> made) throws IOException {
    List<OutputDirectory> opened = new ArrayList<>();
    ExitCleanUp.undisturbed(() -> {
      Files.createDirectories(wanted);
      Path real = wanted.toRealPath();
      try {
        DirectoryLock lock = DirectoryLock.tryAcquire(real).orElseThrow(() -> inUse(named));
        opened.add(new OutputDirectory(real, lock, made));
      } catch (IOException | RuntimeException e) {
        removeEmpty(made);
        throw e;
      }
      ExitCleanUp.add(opened.getFirst().release);
    });
    OutputDirectory directory = opened.getFirst();
    try {
      StagedDirectory.recover(directory.path);
      return directory;
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /// A link to a directory stays a link; what it points at is written to.
  private static Path real(Path named) throws IOException {
    if (Files.exists(named)) {
      Path real = named.toRealPath();
      if (!Files.isDirectory(real)) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT, named + " is no directory; give another --output");
      }
      return real;
    }
    if (Files.exists(named, LinkOption.NOFOLLOW_LINKS)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, named + " is a link to nothing; give another --output");
    }
    return named.toAbsolutePath().normalize();
  }

  private static void requireCreatable(Path named, Path real) {
    @Nullable Path up = real.getParent();
    while (up != null && !Files.exists(up, LinkOption.NOFOLLOW_LINKS)) {
      up = up.getParent();
    }
    if (up == null || !Files.isDirectory(up)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s cannot be made, as %s is no directory; give another --output".formatted(named, up));
    }
    if (!Files.isWritable(up)) {
      throw new NunchiException(
          Reason.IO_FAILURE,
          "%s cannot be made, as %s may not be written by this user".formatted(named, up));
    }
  }

  private static void requireOwn(Path named, Path real, Existing existing) throws IOException {
    WrittenFiles written = WrittenFiles.of(real);
    for (Path entry : DurableFiles.entries(real)) {
      if (entry.getFileName().toString().matches(CLAIMED) && !written.hold(entry)) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT,
            "%s %s, so it is not replaced; move it away or give another --output"
                .formatted(
                    named.resolve(entry.getFileName()),
                    written.list(entry.getFileName().toString())
                        ? "was changed since nunchi wrote it"
                        : "was not written by nunchi (no nunchi.json there lists it)"));
      }
    }
    if (existing == Existing.KEEP && written.hasModel()) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          named + " holds a model; --overwrite replaces it, or give another --output");
    }
  }

  private static NunchiException inUse(Path named) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        named + " is the output of a training or an export that runs now; give another --output");
  }

  /// Looks whether a directory, which need not exist, holds none of the files that its new model is
  /// made from: replacing the old one would delete them. A file that is a link lies where it leads.
  ///
  /// @param sources directories that are read
  /// @throws NunchiException `INVALID_ARGUMENT` naming the source that is in the way
  public static void requireApart(Path output, List<Path> sources) {
    for (Path source : sources) {
      try {
        if (Files.exists(output) && Files.isDirectory(source) && liesIn(output, source)) {
          throw new NunchiException(
              Reason.INVALID_ARGUMENT,
              "The output %s holds files of the model %s that it is to be made from; give another --output"
                  .formatted(output, source));
        }
      } catch (IOException e) {
        throw new NunchiException(Reason.IO_FAILURE, source + " cannot be read", e);
      }
    }
  }

  private static boolean liesIn(Path output, Path source) throws IOException {
    if (Files.isSameFile(source, output)) {
      return true;
    }
    for (Path entry : DurableFiles.entries(source)) {
      if (Files.isSymbolicLink(entry)
          && Files.isRegularFile(entry)
          && Files.isSameFile(entry.toRealPath().resolveSibling(""), output)) {
        return true;
      }
    }
    return false;
  }

  /// Whether a path, of which the end need not exist, lies in a directory or is it, links followed.
  public static boolean isInside(Path path, Path directory) {
    try {
      if (!Files.exists(directory)) {
        return false;
      }
      for (@Nullable Path up = path.toAbsolutePath().normalize(); up != null; up = up.getParent()) {
        if (Files.exists(up)) {
          for (@Nullable Path real = up.toRealPath(); real != null; real = real.getParent()) {
            if (Files.isSameFile(real, directory)) {
              return true;
            }
          }
          return false;
        }
      }
      return false;
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, path + " cannot be read", e);
    }
  }

  /// What [#mark] left in a directory; empty where it left nothing, or there is none.
  public static String markOf(Path directory) {
    try {
      return Files.exists(directory) ? DirectoryLock.mark(directory) : "";
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
  }

  /// The directory's real path.
  public Path path() {
    return path;
  }

  /// Leaves a word for later processes.
  public void mark(String text) {
    try {
      lock.mark(text);
    } catch (IOException e) {
      throw DurableFiles.notWritten(path, e);
    }
  }

  /// A new directory in it to write a model to.
  public StagedDirectory stage() {
    return StagedDirectory.in(path);
  }

  /// Frees the directory, and removes it where this process made it and put nothing there.
  @Override
  public void close() {
    try {
      release.run();
      ExitCleanUp.forget(release);
    } catch (IOException e) {
      throw DurableFiles.notWritten(path, e);
    }
  }

  private static void removeEmpty(List<Path> directories) throws IOException {
    for (Path directory : directories) {
      try {
        Files.deleteIfExists(directory);
      } catch (DirectoryNotEmptyException _) {
        return;
      }
    }
  }
}
