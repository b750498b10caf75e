package dev.nunchi.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The files of `k8s/`, some of which may be given otherwise than they stand on the disk.
///
/// @param instead texts by path
record Sources(Map<Path, String> instead) {
  static final Path ROOT = Path.of("k8s");

  static Sources onDisk() {
    return new Sources(Map.of());
  }

  /// With one text in place of another in a file.
  ///
  /// @throws IllegalArgumentException where it is not there, or is there twice
  Sources with(String file, String text, String other) {
    Path path = ROOT.resolve(file);
    String content = read(path);
    int place = content.indexOf(text);
    if (place < 0 || content.indexOf(text, place + 1) >= 0) {
      throw new IllegalArgumentException("'%s' is not there once in %s".formatted(text, path));
    }
    return new Sources(
        Map.of(
            path, content.substring(0, place) + other + content.substring(place + text.length())));
  }

  String read(Path path) {
    try {
      String other = instead.get(path);
      return other == null ? Files.readString(path) : other;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What can be applied: the overlays and the trainings.
  static List<Path> overlays() {
    return Stream.of("overlays", "training")
        .flatMap(folder -> folders(ROOT.resolve(folder)))
        .filter(folder -> !folder.endsWith("base"))
        .sorted()
        .toList();
  }

  private static Stream<Path> folders(Path folder) {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(Files::isDirectory).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
