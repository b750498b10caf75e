package dev.nunchi.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/// Weights that a model beside the one that is written has too. They stand on the disk once, as
/// hard links, and in memory once where several processes or sessions map them; each directory
/// stays whole when another is moved, replaced or deleted.
public final class SharedWeights {
  private SharedWeights() {}

  /// Puts a link to the file of a model beside the output in place of one that was written with the
  /// same content. Where there is none, or the file system has no such links, nothing changes.
  ///
  /// @param written the file
  /// @param digest its SHA-256
  /// @param output directory that it is for
  /// @return the directory that has the same file
  public static Optional<Path> link(Path written, String digest, Path output) throws IOException {
    Path absolute = output.toAbsolutePath().normalize();
    Path parent = absolute.resolveSibling("");
    if (!Files.isReadable(parent)) {
      return Optional.empty();
    }
    for (Path directory : DurableFiles.entries(parent)) {
      if (!directory.equals(absolute)
          && Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
          && holds(directory, written, digest)) {
        return replaced(written, directory.resolve(written.getFileName()))
            ? Optional.of(directory)
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static boolean holds(Path directory, Path written, String digest) throws IOException {
    String name = written.getFileName().toString();
    Path file = directory.resolve(name);
    return digest.equals(WrittenFiles.listed(directory.resolve(Manifest.FILE_NAME)).get(name))
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.isReadable(file)
        && Files.size(file) == Files.size(written)
        // Someone may have changed it since its manifest was written.
        && Digests.sha256(file).equals(digest);
  }

  private static boolean replaced(Path written, Path other) throws IOException {
    Path link = written.resolveSibling(written.getFileName() + ".link");
    try {
      Files.createLink(link, other);
    } catch (IOException | UnsupportedOperationException _) {
      // Another disk, or a system without them: the file that was written is as good.
      return false;
    }
    DurableFiles.move(link, written);
    return true;
  }
}
