package dev.nunchi.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Copies of directories, to be damaged.
public final class CopiedDirectory {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private CopiedDirectory() {}

  public static Path of(Path source, Path destination) throws IOException {
    Files.createDirectories(destination);
    for (Path file : entries(source)) {
      Files.copy(file, destination.resolve(file.getFileName()));
    }
    return destination;
  }

  public static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  /// Changes a JSON file.
  public static void edit(Path file, Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = (ObjectNode) MAPPER.readTree(file.toFile());
    change.accept(json);
    MAPPER.writeValue(file.toFile(), json);
  }
}
