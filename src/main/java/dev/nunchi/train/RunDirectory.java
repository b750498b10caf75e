package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.WrittenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The output directory of a run, held by one process at a time: the model itself, and beside it
/// `checkpoint-STEP` directories to go on from.
///
/// What this program did not write is neither replaced nor deleted, nor is a checkpoint that it
/// cannot read: [#examine] names what is in the way before any work.
final class RunDirectory implements AutoCloseable {
  static final String DATA_REPORT = "data_report.json";

  /// Stands in the directory's mark until the run has come to its end.
  private static final String UNFINISHED = "unfinished training\n";

  private final OutputDirectory output;

  private RunDirectory(OutputDirectory output) {
    this.output = output;
  }

  /// Looks whether a run can begin or go on in a directory, which need not exist; changes nothing.
  ///
  /// @param base the checkpoint that the run starts from, null where it starts afresh
  /// @param notes told of each checkpoint that is passed over, one sentence
  /// @return the checkpoint to go on from; empty where the run begins
  /// @throws NunchiException `INVALID_ARGUMENT` naming what is in the way
  static Optional<Path> examine(
      Path path, TrainingRun.Mode mode, @Nullable Path base, Consumer<String> notes) {
    if (base != null) {
      requireApart(path, base);
    }
    List<KeptCheckpoint> checkpoints = KeptCheckpoint.in(path);
    if (mode == TrainingRun.Mode.START && !checkpoints.isEmpty()) {
      throw occupied(path, checkpoints);
    }
    OutputDirectory.require(path, existing(mode));
    requireOwn(path.resolve(MetricsLog.FILE_NAME), MetricsLog::isLog);
    requireOwn(path.resolve(DATA_REPORT), RunDirectory::isDataReport);
    return switch (mode) {
      case START -> Optional.empty();
      case RESUME -> newestWhole(path, checkpoints, notes);
      case OVERWRITE -> {
        for (KeptCheckpoint checkpoint : checkpoints) {
          checkpoint.requireOwn();
        }
        yield Optional.empty();
      }
    };
  }

  /// A run never writes over what it starts from.
  static void requireApart(Path path, Path base) {
    if (OutputDirectory.isInside(path, base) || OutputDirectory.isInside(base, path)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The output %s and the model %s that the run starts from lie one in the other; give another --output"
              .formatted(path, base));
    }
  }

  private static NunchiException occupied(Path path, List<KeptCheckpoint> checkpoints) {
    for (KeptCheckpoint checkpoint : checkpoints) {
      checkpoint.requireOwn();
    }
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        path + " holds checkpoints of a run: --resume goes on with it, --overwrite begins anew");
  }

  private static void requireOwn(Path file, Predicate<Path> isOwn) {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && isOwn.test(file))) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          file
              + " was not written by nunchi, so it is not replaced; move it away or give another"
              + " --output");
    }
  }

  private static boolean isDataReport(Path file) {
    try {
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      return json.path("splits").isArray() && json.path("warnings").isArray();
    } catch (IOException _) {
      return false;
    }
  }

  /// The newest checkpoint; only one that is provably damaged is passed over, and it stays.
  private static Optional<Path> newestWhole(
      Path path, List<KeptCheckpoint> checkpoints, Consumer<String> notes) {
    for (KeptCheckpoint checkpoint : checkpoints) {
      Optional<String> damage = checkpoint.damage();
      if (damage.isEmpty()) {
        requireNoExport(path);
        return Optional.of(checkpoint.path());
      }
      notes.accept(
          "%s is not whole and is left out: %s".formatted(checkpoint.path(), damage.get()));
    }
    if (isFinished(path)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          path
              + " holds a finished model and no checkpoint to go on from; --overwrite begins anew"
              + " and replaces it");
    }
    return Optional.empty();
  }

  /// Whether a directory holds the model of a run that came to its end.
  static boolean isFinished(Path path) {
    return WrittenFiles.of(path).hasModel() && !OutputDirectory.markOf(path).equals(UNFINISHED);
  }

  /// The model there would be replaced by that of the run, which an export is not.
  private static void requireNoExport(Path path) {
    if (WrittenFiles.of(path).list(ModelDirectory.GRAPH)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          path + " holds a model that export wrote, which no training replaces; move it away");
    }
  }

  private static OutputDirectory.Existing existing(TrainingRun.Mode mode) {
    return mode == TrainingRun.Mode.START
        ? OutputDirectory.Existing.KEEP
        : OutputDirectory.Existing.REPLACE;
  }

  /// Makes the directory where it does not exist and takes it, finishes or removes what a killed
  /// process left half-written and, where the run is to begin anew, removes the checkpoints of an
  /// earlier one.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where another process trains there
  static RunDirectory open(Path path, TrainingRun.Mode mode) {
    RunDirectory opened = new RunDirectory(OutputDirectory.open(path, existing(mode)));
    try {
      opened.output.mark(UNFINISHED);
      if (mode == TrainingRun.Mode.OVERWRITE) {
        opened.checkpoints().forEach(KeptCheckpoint::remove);
      }
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /// The directory's real path.
  Path path() {
    return output.path();
  }

  StagedDirectory stage() {
    return output.stage();
  }

  /// Writes a text file beside and moves it into place.
  void write(String name, String content) {
    DurableFiles.write(path().resolve(name), content);
  }

  Path checkpoint(long step) {
    return path().resolve(KeptCheckpoint.name(step));
  }

  private List<KeptCheckpoint> checkpoints() {
    return KeptCheckpoint.in(path());
  }

  /// Deletes the oldest of the checkpoints that this program wrote up to a step. Later ones, which
  /// a run that goes on has passed over, stay until it writes its own in their place.
  ///
  /// @param newest the step of the one that was written last
  /// @param limit how many stay; 0 for all
  void prune(long newest, int limit) {
    if (limit > 0) {
      checkpoints().stream()
          .filter(checkpoint -> checkpoint.step() <= newest)
          .filter(KeptCheckpoint::isOwn)
          .skip(limit)
          .forEach(KeptCheckpoint::remove);
    }
  }

  /// The run has come to its end; the model is not to be replaced unasked.
  void finished() {
    output.mark("");
  }

  @Override
  public void close() {
    output.close();
  }
}
