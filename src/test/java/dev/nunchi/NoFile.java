package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What may have a file's name and is none.
public enum NoFile {
  PIPE("is a pipe or a device; write what it holds to a file"),
  LINK_TO_PIPE(PIPE.words()),
  DEVICE(PIPE.words()),
  DIRECTORY("is a directory, and not a file"),
  DEAD_LINK("is a link to nothing-here, which does not exist");

  private final String words;

  NoFile(String words) {
    this.words = words;
  }

  /// What is said of it, after its name.
  public String words() {
    return words;
  }

  /// Puts it in a file's place.
  public void put(Path file) throws IOException, InterruptedException {
    Files.deleteIfExists(file);
    switch (this) {
      case PIPE -> pipe(file);
      case LINK_TO_PIPE -> {
        Path pipe = file.resolveSibling("pipe");
        pipe(pipe);
        Files.createSymbolicLink(file, pipe);
      }
      case DEVICE -> Files.createSymbolicLink(file, Path.of("/dev/zero"));
      case DIRECTORY -> Files.createDirectory(file);
      case DEAD_LINK -> Files.createSymbolicLink(file, Path.of("nothing-here"));
    }
  }

  private static void pipe(Path path) throws IOException, InterruptedException {
    assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
  }
}
