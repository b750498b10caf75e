package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The two forms in which Hugging Face directories hold weights; the first goes before the second.
enum WeightFiles {
  SAFETENSORS("model.safetensors", "safetensors") {
    @Override
    SequencedMap<String, Weight> map(Path file, Arena arena) {
      return SafetensorsFile.map(file, arena);
    }
  },
  PYTORCH("pytorch_model.bin", "bin") {
    @Override
    SequencedMap<String, Weight> map(Path file, Arena arena) {
      return PytorchFile.map(file, arena);
    }
  };

  /// Weights of programs whose files are not read, and what they are, by the end of their names.
  private static final Map<String, String> FOREIGN =
      Map.of(
          ".h5", "TensorFlow weights",
          ".msgpack", "Flax weights",
          ".gguf", "weights of llama.cpp",
          ".ckpt", "a checkpoint of a training program",
          ".ckpt.index", "a checkpoint of TensorFlow",
          ".pt", "a file of PyTorch of another name than pytorch_model.bin",
          ".pth", "a file of PyTorch of another name than pytorch_model.bin");

  private final String single;
  private final String suffix;

  WeightFiles(String single, String suffix) {
    this.single = single;
    this.suffix = suffix;
  }

  abstract SequencedMap<String, Weight> map(Path file, Arena arena);

  /// The form that a directory has, empty where it holds no weights of either.
  static Optional<WeightFiles> in(Path directory) {
    return Stream.of(values())
        .filter(form ->
            Files.exists(directory.resolve(form.single))
                || Files.exists(directory.resolve(form.index())))
        .findFirst();
  }

  /// The form that a directory of such files has.
  static Optional<WeightFiles> among(Collection<String> names) {
    return Stream.of(values())
        .filter(form -> names.contains(form.single) || names.contains(form.index()))
        .findFirst();
  }

  /// Whether a file of that name can hold weights, or the index of them.
  static boolean isName(String name) {
    return Stream.of(values())
        .anyMatch(form -> name.equals(form.index()) || name.matches("[\\w.-]+\\." + form.suffix));
  }

  /// The tensors of all the directory's files, by the names that stand there.
  ///
  /// @throws NunchiException `INVALID_MODEL` where a file is missing or damaged or there is none
  static Map<String, Weight> mapAll(Path directory, Arena arena) {
    WeightFiles form = in(directory).orElseThrow(() -> none(directory));
    Map<String, Weight> stored = new LinkedHashMap<>();
    Map<String, String> shards = form.shards(directory);
    if (shards.isEmpty()) {
      return form.map(directory.resolve(form.single), arena);
    }
    for (String shard : new TreeSet<>(shards.values())) {
      stored.putAll(form.map(directory.resolve(shard), arena));
    }
    for (Map.Entry<String, String> entry : shards.entrySet()) {
      if (!stored.containsKey(entry.getKey())) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s does not hold %s, which the index places there"
                .formatted(directory.resolve(entry.getValue()), entry.getKey()));
      }
    }
    return stored;
  }

  /// The file that holds all tensors, where one does.
  String single() {
    return single;
  }

  /// The file that says which shard holds a tensor.
  String index() {
    return single + ".index.json";
  }

  /// The file that is opened first: the one with all tensors or, where there is none, the index.
  String entrance(Path directory) {
    return Files.exists(directory.resolve(single)) ? single : index();
  }

  /// The file of each tensor by the index; empty where one file has all.
  Map<String, String> shards(Path directory) {
    if (Files.exists(directory.resolve(single))) {
      return Map.of();
    }
    Path index = directory.resolve(index());
    if (!(Json.read(index).get("weight_map") instanceof ObjectNode map) || map.isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_MODEL, index + ": weight_map should map tensors to files");
    }
    Map<String, String> shards = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      String shard = entry.getValue().asText();
      // A name from a file must not lead out of the directory.
      if (!shard.matches("[\\w.-]+\\." + suffix)) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: weight_map has %s for %s, not the name of a .%s file"
                .formatted(index, entry.getValue(), entry.getKey(), suffix));
      }
      shards.put(entry.getKey(), shard);
    }
    return shards;
  }

  static NunchiException none(Path directory) {
    String nothing =
        "%s holds neither %s nor %s, nor an index of shards"
            .formatted(directory, SAFETENSORS.single, PYTORCH.single);
    SortedSet<String> names = names(directory);
    for (String name : names) {
      if (name.endsWith(".safetensors") || name.endsWith(".bin")) {
        return invalid(
            "%s; it holds %s: rename it if it is the whole model, or add the index of its shards"
                .formatted(nothing, name));
      }
    }
    for (String name : names) {
      @Nullable String what =
          FOREIGN.entrySet().stream()
              .filter(entry -> name.endsWith(entry.getKey()))
              .map(Map.Entry::getValue)
              .findFirst()
              .orElse(null);
      if (what != null) {
        return invalid(
            "%s; it holds %s, %s, which is not read: load it with transformers and save_pretrained it as safetensors"
                .formatted(nothing, name, what));
      }
    }
    if (names.contains(ModelDirectory.GRAPH)) {
      return invalid(
          "%s; it holds %s, a model that was exported to be served: name the checkpoint that it was exported from"
              .formatted(nothing, ModelDirectory.GRAPH));
    }
    return invalid(nothing);
  }

  private static NunchiException invalid(String message) {
    return new NunchiException(Reason.INVALID_MODEL, message);
  }

  private static SortedSet<String> names(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      SortedSet<String> names = new TreeSet<>();
      files.forEach(file -> names.add(file.getFileName().toString()));
      return names;
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
  }
}
