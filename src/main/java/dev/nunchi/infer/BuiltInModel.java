package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The models that come with the program and are served where none is named, the default before the
/// others. `nsmc-medium` and `movie3-combined` come with it too and are served by name alone: with
/// a fourth model, 256 MB were not enough for the server under load.
public final class BuiltInModel {
  private static final List<String> NAMES = List.of("nsmc-small", "movie3-small", "nsmc-combined");

  private BuiltInModel() {}

  /// The directory of the default one.
  ///
  /// @param home as of [#directories]
  /// @throws NunchiException `INVALID_MODEL` if it is not there
  public static Path directory(Optional<String> home) {
    return directory(home, NAMES.getFirst());
  }

  /// The directories of all.
  ///
  /// @param home the installation, as the environment's `NUNCHI_HOME` names it; the working
  ///   directory where empty
  /// @throws NunchiException `INVALID_MODEL` if one is not there
  public static List<Path> directories(Optional<String> home) {
    return NAMES.stream().map(name -> directory(home, name)).toList();
  }

  private static Path directory(Optional<String> home, String name) {
    Path directory = Path.of(home.orElse("")).resolve("models").resolve(name).toAbsolutePath();
    if (!Files.isDirectory(directory)) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The built-in model is not at %s; name a model directory with --model"
              .formatted(directory));
    }
    return directory;
  }
}
