package dev.nunchi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Tells a file that can be read from what has only a file's name. Opening a pipe waits for whoever
/// writes into it, which may be for ever, and a device may have no end.
public final class PlainFile {
  private PlainFile() {}

  /// What is there instead of a file, to be said after its name; empty for a file, also one that a
  /// link leads to, and where nothing is.
  public static Optional<String> fault(Path path) {
    if (Files.isRegularFile(path)) {
      return Optional.empty();
    }
    if (Files.isDirectory(path)) {
      return Optional.of("is a directory, and not a file");
    }
    if (Files.exists(path)) {
      return Optional.of("is a pipe or a device; write what it holds to a file");
    }
    return Files.isSymbolicLink(path) ? Optional.of(deadLink(path)) : Optional.empty();
  }

  /// To be called before a file of a model is opened.
  ///
  /// @throws NunchiException `INVALID_MODEL` where there is something else than a file
  public static void require(Path path) {
    fault(path)
        .ifPresent(fault -> {
          throw new NunchiException(Reason.INVALID_MODEL, path + " " + fault);
        });
  }

  private static String deadLink(Path path) {
    try {
      return "is a link to %s, which does not exist".formatted(Files.readSymbolicLink(path));
    } catch (IOException _) {
      // It went meanwhile.
      return "is a link that leads nowhere";
    }
  }
}
