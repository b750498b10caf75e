package dev.nunchi.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.PublishedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Models from registries and addresses, each in a directory that is named by the digest that it
/// was asked for by.
///
/// ```
/// sha256-HEX/           the model
/// sha256-HEX.json       where it came from
/// refs/HOST/NAME/@TAG   the digest that a tag was when it was last pulled
/// partial/, locks/      what is on its way
/// ```
final class DigestStore {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PREFIX = "sha256-";
  private static final String SHA_256 = "[0-9a-f]{64}";
  private static final String SOURCE = "source";

  private final Path root;

  DigestStore(Path root) {
    this.root = root;
  }

  Path directory(String sha256) {
    return root.resolve(PREFIX + sha256);
  }

  Path incomplete(String sha256) {
    return partial(sha256 + ".incomplete");
  }

  Path fetched(String sha256) {
    return partial(sha256);
  }

  private Path partial(String name) {
    return root.resolve("partial").resolve(name);
  }

  Path lock(String sha256) {
    return root.resolve("locks").resolve(sha256 + ".lock");
  }

  private Path ref(ModelReference.Registry reference) {
    return root.resolve("refs")
        .resolve(reference.host())
        .resolve(reference.repository())
        // No part of a repository's name begins so.
        .resolve("@" + reference.reference());
  }

  void makeFolders() {
    try {
      Files.createDirectories(root.resolve("partial"));
    } catch (IOException e) {
      throw DurableFiles.notWritten(root, e);
    }
  }

  Optional<Path> find(ModelReference reference) {
    Optional<String> digest =
        switch (reference) {
          case ModelReference.Archive archive -> Optional.of(archive.sha256());
          case ModelReference.Registry registry when registry.isPinned() ->
              Optional.of(registry.reference().substring(PREFIX.length()));
          case ModelReference.Registry registry -> read(ref(registry));
          case ModelReference.Hub _ -> Optional.empty();
        };
    return digest
        .filter(hex -> hex.matches(SHA_256))
        .map(this::directory)
        .filter(Files::isDirectory);
  }

  void writeRef(ModelReference.Registry reference, String sha256) {
    if (reference.isPinned()) {
      return;
    }
    Path ref = ref(reference);
    try {
      Files.createDirectories(ref.toAbsolutePath().resolveSibling(""));
    } catch (IOException e) {
      throw DurableFiles.notWritten(ref, e);
    }
    DurableFiles.write(ref, sha256);
  }

  /// Has a model made aside, and puts it into its place when it is whole.
  ///
  /// @param fill writes the files into an empty directory, which may be deeper where an archive is
  void put(String sha256, ModelReference source, Consumer<Path> fill) {
    Path made = partial(sha256 + ".unpacked");
    try {
      DurableFiles.deleteTree(made);
      Files.createDirectories(made);
      try {
        fill.accept(made);
        commit(sha256, source, made);
      } finally {
        DurableFiles.deleteTree(made);
      }
      Files.deleteIfExists(fetched(sha256));
    } catch (IOException e) {
      throw DurableFiles.notWritten(directory(sha256), e);
    }
  }

  private void commit(String sha256, ModelReference source, Path made) throws IOException {
    Path model = onlyModel(made, source);
    DurableFiles.write(
        root.resolve(PREFIX + sha256 + ".json"),
        MAPPER.createObjectNode().put(SOURCE, source.toString()) + "\n");
    DurableFiles.syncDirectory(model);
    Files.move(model, directory(sha256), StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.syncDirectory(root);
  }

  /// The one directory of what was unpacked that holds a model.
  private static Path onlyModel(Path made, ModelReference source) throws IOException {
    List<Path> configs;
    try (Stream<Path> files = Files.walk(made)) {
      configs = files.filter(file -> file.endsWith("config.json")).toList();
    }
    if (configs.size() != 1) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s should hold one model, but holds %d files config.json"
              .formatted(source, configs.size()));
    }
    Path model = configs.getFirst().resolveSibling("");
    if (!PublishedFiles.areWhole(model)) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s holds config.json, but not the weights and the tokenizer that make a model"
              .formatted(source));
    }
    return model;
  }

  /// Digests of the models that are here.
  List<String> digests() {
    return HubRepository.entries(root).stream()
        .filter(Files::isDirectory)
        .map(entry -> entry.getFileName().toString())
        .filter(name -> name.matches(PREFIX + SHA_256))
        .map(name -> name.substring(PREFIX.length()))
        .toList();
  }

  /// Where a model came from.
  String source(String sha256) {
    Path file = root.resolve(PREFIX + sha256 + ".json");
    String otherwise = "sha256:" + sha256;
    return read(file)
        .map(text -> {
          try {
            JsonNode json = MAPPER.readTree(text);
            return json.path(SOURCE).asText(otherwise);
          } catch (IOException _) {
            return otherwise;
          }
        })
        .orElse(otherwise);
  }

  /// @return bytes that were freed
  long remove(String sha256) {
    try {
      long bytes = 0;
      for (Path file : HubRepository.entries(directory(sha256))) {
        bytes += Files.size(file);
      }
      DurableFiles.deleteTree(directory(sha256));
      Files.deleteIfExists(root.resolve(PREFIX + sha256 + ".json"));
      return bytes;
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory(sha256) + " cannot be deleted", e);
    }
  }

  private static Optional<String> read(Path file) {
    try {
      return Files.isRegularFile(file)
          ? Optional.of(Files.readString(file).strip())
          : Optional.empty();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }
}
