package dev.nunchi.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Digests;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.PublishedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Models from registries and addresses, each in a directory that is named by the digest that it
/// was asked for by.
///
/// ```
/// sha256-HEX/           the model
/// sha256-HEX.json       where it came from, and the digests of its files
/// refs/HOST/NAME/@TAG   the digest that a tag was when it was last pulled
/// partial/, locks/      what is on its way
/// ```
final class DigestStore {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PREFIX = "sha256-";
  private static final String SHA_256 = "[0-9a-f]{64}";
  private static final String SOURCE = "source";
  private static final String FILES = "files";

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

  /// What a pull makes of what it fetched, before it is in its place.
  private Path unpacked(String sha256) {
    return partial(sha256 + ".unpacked");
  }

  /// What stood in the place of what was made.
  private Path replaced(String sha256) {
    return partial(sha256 + ".replaced");
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

  /// Has a model made aside, and puts it into its place when it is whole, also where a damaged one
  /// is.
  ///
  /// @param fill writes the files into an empty directory, which may be deeper where an archive is
  /// @param forget deletes what it is made of; not called where a disk fails, after which the next
  ///   pull goes on from it
  void put(String sha256, ModelReference source, Consumer<Path> fill, Runnable forget) {
    Path made = unpacked(sha256);
    try {
      DurableFiles.deleteTree(made);
      Files.createDirectories(made);
      try {
        fill.accept(made);
        commit(sha256, source, made);
      } catch (NunchiException e) {
        if (e.reason() == Reason.INVALID_MODEL) {
          forget.run();
        }
        throw e;
      } finally {
        DurableFiles.deleteTree(made);
      }
    } catch (IOException e) {
      throw DurableFiles.notWritten(directory(sha256), e);
    }
    forget.run();
  }

  private void commit(String sha256, ModelReference source, Path made) throws IOException {
    Path model = onlyModel(made, source);
    ObjectNode record = MAPPER.createObjectNode().put(SOURCE, source.toString());
    ObjectNode files = record.putObject(FILES);
    Digests.of(model, names(model)).forEach(files::put);
    DurableFiles.write(record(sha256), record + "\n");
    DurableFiles.syncDirectory(model);
    Path directory = directory(sha256);
    Path replaced = replaced(sha256);
    DurableFiles.deleteTree(replaced);
    if (Files.isDirectory(directory)) {
      Files.move(directory, replaced, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(model, directory, StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.syncDirectory(root);
    DurableFiles.deleteTree(replaced);
  }

  /// Deletes what was fetched under a digest; for who has its lock.
  void forget(String sha256) {
    Path fetched = fetched(sha256);
    try {
      Files.deleteIfExists(fetched);
    } catch (IOException e) {
      throw DurableFiles.notWritten(fetched, e);
    }
  }

  /// Deletes what a pull that was killed has left of a model that is in its place; for who has its
  /// lock.
  void tidy(String sha256) {
    forget(sha256);
    try {
      DurableFiles.deleteTree(unpacked(sha256));
      DurableFiles.deleteTree(replaced(sha256));
    } catch (IOException e) {
      throw DurableFiles.notWritten(partial(sha256), e);
    }
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

  /// A model that is here, with the digests that its files had when it was put into its place. Who
  /// put it there before those were recorded says nothing of them.
  StoredModel stored(String sha256) {
    Path directory = directory(sha256);
    String revision = "sha256:" + sha256;
    JsonNode record = readRecord(sha256);
    List<StoredModel.File> files = new ArrayList<>();
    for (Map.Entry<String, JsonNode> file : record.path(FILES).properties()) {
      files.add(
          StoredModel.File.of(directory, file.getKey(), "sha256:" + file.getValue().asText()));
    }
    if (files.isEmpty()) {
      names(directory).forEach(name -> files.add(StoredModel.File.of(directory, name, "")));
    }
    return new StoredModel(
        record.path(SOURCE).asText(revision),
        revision,
        List.of(),
        directory,
        files,
        StoredModel.license(directory));
  }

  /// Whether a model is here as it was put into its place. What its files say of each other counts
  /// where no digests are recorded alone: what was published damaged stays so, fetched anew or not.
  boolean isWhole(String sha256) {
    if (!Files.isDirectory(directory(sha256))) {
      return false;
    }
    StoredModel model = stored(sha256);
    boolean isRecorded = model.files().stream().noneMatch(file -> file.digest().isEmpty());
    return (isRecorded ? ModelCheck.ofFiles(model) : ModelCheck.damage(model)).isEmpty();
  }

  private Path record(String sha256) {
    return root.resolve(PREFIX + sha256 + ".json");
  }

  private JsonNode readRecord(String sha256) {
    try {
      return MAPPER.readTree(read(record(sha256)).orElse(""));
    } catch (IOException _) {
      // One that cannot be read says nothing.
      return MAPPER.createObjectNode();
    }
  }

  /// Names of all files of a directory, also of those that lie deeper, in order.
  private static List<String> names(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
  }

  /// @return bytes that were freed
  long remove(String sha256) {
    Path directory = directory(sha256);
    try {
      long bytes = 0;
      for (String name : names(directory)) {
        bytes += Files.size(directory.resolve(name));
      }
      DurableFiles.deleteTree(directory);
      Files.deleteIfExists(record(sha256));
      return bytes;
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be deleted", e);
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
