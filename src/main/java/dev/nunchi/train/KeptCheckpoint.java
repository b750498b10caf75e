package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Digests;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.TrainerState;
import dev.nunchi.model.WrittenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A `checkpoint-STEP` in the output directory of a run: one of this program's, whole or damaged,
/// or something else that has such a name.
record KeptCheckpoint(Path path) {
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,18})");

  static String name(long step) {
    return "checkpoint-" + step;
  }

  /// Those of a directory, which need not exist; newest first.
  static List<KeptCheckpoint> in(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry -> NAME.matcher(entry.getFileName().toString()).matches())
          .map(KeptCheckpoint::new)
          .sorted(Comparator.comparingLong(KeptCheckpoint::step).reversed())
          .toList();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
  }

  long step() {
    return Long.parseLong(path.getFileName().toString().substring("checkpoint-".length()));
  }

  /// Whether this program wrote it, with the state of a run.
  boolean isOwn() {
    return WrittenFiles.of(path).list(TrainerState.FILE_NAME);
  }

  /// @throws NunchiException `INVALID_ARGUMENT` where it is something else
  void requireOwn() {
    if (!isOwn()) {
      throw inTheWay("it is no checkpoint that this nunchi wrote");
    }
  }

  /// What is damaged: a file that its manifest names is missing or is another; empty where none is.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where it cannot be said, as of something else, of a
  ///   format that this build does not know, or where reading fails
  Optional<String> damage() {
    try {
      Manifest manifest =
          ManifestFile.read(path)
              .orElseThrow(() -> inTheWay("it is no checkpoint that this nunchi wrote"));
      requireOwn();
      return Digests.damage(path, manifest);
    } catch (NunchiException e) {
      throw e.reason() == Reason.INVALID_ARGUMENT ? e : inTheWay(e.getMessage());
    }
  }

  private NunchiException inTheWay(String why) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        "%s is left as it is, as %s; move it away or give another --output".formatted(path, why));
  }

  /// Deletes its files as far as they are as they were written; what else is there stays, in a
  /// directory of another name.
  void remove() {
    WrittenFiles.of(path).remove();
  }
}
