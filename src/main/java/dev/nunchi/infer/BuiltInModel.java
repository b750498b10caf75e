package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The model that comes with the program.
public final class BuiltInModel {
  private static final String DIRECTORY = "models/nsmc-small";

  private BuiltInModel() {}

  /// Its model directory.
  ///
  /// @param home the installation, as the environment's `NUNCHI_HOME` names it; the working
  ///   directory where empty
  /// @throws NunchiException `INVALID_MODEL` if it is not there
  public static Path directory(Optional<String> home) {
    Path directory = Path.of(home.orElse("")).resolve(DIRECTORY).toAbsolutePath();
    if (!Files.isDirectory(directory)) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The built-in model is not at %s; name a model directory with --model"
              .formatted(directory));
    }
    return directory;
  }
}
