package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TrainerState;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The output directory of a run, held by one process at a time: the model itself, and beside it
/// `checkpoint-STEP` directories to go on from.
final class RunDirectory implements AutoCloseable {
  private static final String LOCK = ".train.lock";
  private static final Pattern CHECKPOINT = Pattern.compile("checkpoint-(\\d{1,18})");

  private final Path path;
  private final FileChannel lock;

  private RunDirectory(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /// Makes the directory where it does not exist, locks it, and removes what a killed process left
  /// half-written.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where another process trains there
  static RunDirectory open(Path path) {
    try {
      Files.createDirectories(path);
      FileChannel channel =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!isLocked(channel)) {
        channel.close();
        throw new NunchiException(
            Reason.INVALID_ARGUMENT,
            path + " is the output of a training that runs now; give another --output");
      }
      StagedDirectory.deleteLeftovers(path);
      return new RunDirectory(path, channel);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, path + " cannot be written", e);
    }
  }

  /// Whether an earlier run left checkpoints in a directory, which need not exist.
  static boolean hasCheckpoints(Path path) {
    if (!Files.isDirectory(path)) {
      return false;
    }
    return !checkpoints(path).isEmpty();
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      @Nullable FileLock held = channel.tryLock();
      return held != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  Path path() {
    return path;
  }

  /// Writes a text file beside and moves it into place.
  void write(String name, String content) {
    try {
      Path beside = Files.writeString(path.resolve(name + ".new"), content);
      Files.move(beside, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, path.resolve(name) + " cannot be written", e);
    }
  }

  Path checkpoint(long step) {
    return path.resolve("checkpoint-" + step);
  }

  /// The checkpoints there, newest first, whole or not.
  List<Path> checkpoints() {
    return checkpoints(path);
  }

  private static List<Path> checkpoints(Path path) {
    try (Stream<Path> entries = Files.list(path)) {
      return entries
          .filter(entry -> CHECKPOINT.matcher(entry.getFileName().toString()).matches())
          .sorted(Comparator.comparingLong(RunDirectory::step).reversed())
          .toList();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, path + " cannot be read", e);
    }
  }

  /// The newest checkpoint whose files are all as they were written; the broken ones before it are
  /// deleted.
  ///
  /// @param broken told of each that is not whole, one sentence
  Optional<Path> newestWhole(Consumer<String> broken) {
    for (Path checkpoint : checkpoints()) {
      try {
        requireWhole(checkpoint);
        return Optional.of(checkpoint);
      } catch (NunchiException e) {
        broken.accept("%s is not whole and is left out: %s".formatted(checkpoint, e.getMessage()));
        delete(checkpoint);
      }
    }
    return Optional.empty();
  }

  private static void requireWhole(Path checkpoint) {
    if (!TrainerState.isIn(checkpoint) || ManifestFile.read(checkpoint).isEmpty()) {
      throw new NunchiException(Reason.INVALID_MODEL, "it has no state of a run");
    }
    CheckpointDirectory.open(checkpoint).close();
  }

  /// Deletes all but the newest checkpoints.
  ///
  /// @param limit how many stay; 0 for all
  void prune(int limit) {
    if (limit > 0) {
      checkpoints().stream().skip(limit).forEach(RunDirectory::delete);
    }
  }

  void deleteCheckpoints() {
    checkpoints().forEach(RunDirectory::delete);
  }

  private static long step(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString().substring("checkpoint-".length()));
  }

  private static void delete(Path checkpoint) {
    try (Stream<Path> all = Files.walk(checkpoint)) {
      for (Path entry : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(entry);
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, checkpoint + " cannot be deleted", e);
    }
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(path.resolve(LOCK));
      lock.close();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, path + " cannot be unlocked", e);
    }
  }
}
