package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import dev.nunchi.text.TokenLimit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// What is checked first of a directory that should hold a model, by every command in one way: that
/// it is one, that its files are what their names say, and that tokenizer and network fit.
public final class ModelFiles {
  /// What is read beside the weights of a checkpoint, which [WeightFiles] names.
  private static final String READ =
      "model\\.onnx|model\\.onnx[._]data|config\\.json|nunchi\\.json|" + TokenizerFiles.PATTERN;

  private static final String READ_OF_ADAPTER =
      "adapter_config\\.json|adapter_model\\.(safetensors|bin)|classifier_config\\.json";

  /// A name of the hub: an owner and a model, or an old model without an owner.
  private static final String HUB_NAME = "[A-Za-z0-9][\\w.-]*(/[A-Za-z0-9][\\w.-]*)?";

  private ModelFiles() {}

  /// @throws NunchiException `INVALID_MODEL` where there is no such directory, saying so of a name
  ///   of the Hugging Face hub
  public static void requireDirectory(Path directory) {
    if (Files.isDirectory(directory)) {
      return;
    }
    String what = directory + " is no directory";
    if (Files.exists(directory)) {
      what += "; name the directory that holds this file";
    } else if (mayBeHubName(directory.toString())) {
      what +=
          "; where a model of the hub is meant, 'nunchi models pull %s' fetches it"
              .formatted(directory);
    }
    throw invalid(what);
  }

  /// Whether a text looks like a model's name of the hub.
  static boolean mayBeHubName(String text) {
    return text.matches(HUB_NAME);
  }

  /// SHA-256, by name, of the files that a directory's answers depend on: those that are read but
  /// for `nunchi.json`, which also tells what was measured.
  public static Map<String, String> digests(Path directory) {
    return Digests.of(
        directory,
        entries(directory)
            .filter(Files::isRegularFile)
            .map(file -> file.getFileName().toString())
            .filter(name -> name.matches(READ + "|" + READ_OF_ADAPTER) || WeightFiles.isName(name))
            .filter(name -> !name.equals(Manifest.FILE_NAME))
            .toList());
  }

  /// @throws NunchiException `INVALID_MODEL` where the directory is none, is neither a model's nor
  ///   an adapter's, or holds a file that is something else than its name says, among those that
  ///   would be read
  static void requireReadable(Path directory) {
    requireDirectory(directory);
    boolean isAdapter = AdapterDirectory.holds(directory);
    for (String name : names(directory)) {
      if (name.matches(isAdapter ? READ + "|" + READ_OF_ADAPTER : READ)) {
        requireContent(directory.resolve(name));
      }
    }
    WeightFiles.in(directory).ifPresent(form -> requireContent(directory, form));
    if (!isAdapter && !Files.exists(directory.resolve(CheckpointConfig.FILE_NAME))) {
      throw invalid(
          directory.resolve(CheckpointConfig.FILE_NAME)
              + " is missing"
              + inner(directory).map("; %s has one"::formatted).orElse(""));
    }
  }

  private static void requireContent(Path directory, WeightFiles form) {
    requireContent(directory.resolve(form.entrance(directory)));
    form.shards(directory).values().stream()
        .distinct()
        .map(directory::resolve)
        .filter(Files::exists)
        .forEach(ModelFiles::requireContent);
  }

  private static void requireContent(Path file) {
    PlainFile.require(file);
    try {
      byte[] head;
      try (InputStream in = Files.newInputStream(file)) {
        head = in.readNBytes(ForeignContent.HEAD_BYTES);
      }
      Optional<String> foreign =
          ForeignContent.of(file.getFileName().toString(), head, Files.size(file));
      if (foreign.isPresent()) {
        throw invalid("%s is %s".formatted(file, foreign.get()));
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  /// A directory inside that holds a model: a checkpoint of a training, or a snapshot of a cache.
  private static Optional<Path> inner(Path directory) {
    return Stream.concat(entries(directory), entries(directory.resolve("snapshots")))
        .filter(entry ->
            Files.exists(entry.resolve(CheckpointConfig.FILE_NAME))
                || AdapterDirectory.holds(entry))
        .findFirst();
  }

  /// @throws NunchiException `INVALID_MODEL` where the tokenizer gives ids that the network has no
  ///   row for, or there is no tokenizer
  static void requireFit(Path directory, int vocabularySize) {
    TokenizerFiles.require(directory);
    TokenLimit.of(directory).requireBelow(vocabularySize);
  }

  private static SortedSet<String> names(Path directory) {
    SortedSet<String> names = new TreeSet<>();
    entries(directory).forEach(entry -> names.add(entry.getFileName().toString()));
    return names;
  }

  static Stream<Path> entries(Path directory) {
    if (!Files.isDirectory(directory)) {
      return Stream.empty();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      List<Path> sorted = entries.sorted().toList();
      return sorted.stream();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
  }

  private static NunchiException invalid(String message) {
    return new NunchiException(Reason.INVALID_MODEL, message);
  }
}
