package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A directory with the files `train`, `validation` and `test`, each in any format for examples.
public record DataDirectory(Path path) {
  /// @throws NunchiException `IO_FAILURE` if `path` is not a directory
  public DataDirectory {
    if (!Files.isDirectory(path)) {
      throw new NunchiException(
          Reason.IO_FAILURE, "%s: expected a directory with the data".formatted(path));
    }
  }

  public Path train() {
    return require("train");
  }

  public Path validation() {
    return require("validation");
  }

  public Path test() {
    return require("test");
  }

  /// The file of one split, where the directory has it.
  ///
  /// @param split for example `validation`
  /// @throws NunchiException `INVALID_DATA` if two files could be it
  public Optional<Path> find(String split) {
    List<Path> found =
        DataFormat.exampleExtensions().stream()
            .map(extension -> path.resolve(split + extension))
            .filter(Files::exists)
            .toList();
    if (found.size() > 1) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          "%s: %s and %s could both be the %s split; expected one of them"
              .formatted(path, found.get(0).getFileName(), found.get(1).getFileName(), split));
    }
    return found.stream().findFirst();
  }

  /// The file of one split.
  ///
  /// @throws NunchiException `IO_FAILURE` if it is not there, else as [#find]
  public Path require(String split) {
    return find(split)
        .orElseThrow(() ->
            new NunchiException(
                Reason.IO_FAILURE,
                "%s: no %s split; looked for %s with the endings %s"
                    .formatted(
                        path, split, split, String.join(", ", DataFormat.exampleExtensions()))));
  }
}
