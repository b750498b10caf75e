package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The tensors of a checkpoint directory, of one safetensors file or of several with an index.
///
/// Names are those of transformers today: `LayerNorm.gamma` and `.beta`, as checkpoints converted
/// from TensorFlow have them, are read as `.weight` and `.bias`, and the trunk saved alone, without
/// its prefix, as the trunk of a classifier.
final class CheckpointWeights implements Weights {
  static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path directory;
  private final Map<String, Weight> weights;

  private CheckpointWeights(Path directory, Map<String, Weight> weights) {
    this.directory = directory;
    this.weights = weights;
  }

  /// @param prefix the trunk's name, for example `bert`
  static CheckpointWeights map(Path directory, String prefix, Arena arena) {
    Map<String, Weight> stored = new LinkedHashMap<>();
    for (Path file : files(directory)) {
      stored.putAll(SafetensorsFile.map(file, arena));
    }
    requireIndexed(directory, stored.keySet());
    boolean bare = stored.keySet().stream().noneMatch(name -> name.startsWith(prefix + "."));
    Map<String, Weight> weights = new LinkedHashMap<>();
    stored.forEach((name, weight) -> {
      String modern = modern(name);
      boolean trunk = modern.matches("(embeddings|embeddings_project|encoder|pooler)\\..*");
      weights.put(bare && trunk ? prefix + "." + modern : modern, weight);
    });
    return new CheckpointWeights(directory, Collections.unmodifiableMap(weights));
  }

  /// The files that hold the weights, in the order of their names.
  static List<Path> files(Path directory) {
    if (Files.exists(directory.resolve(SINGLE))) {
      return List.of(directory.resolve(SINGLE));
    }
    if (!Files.exists(directory.resolve(INDEX))) {
      throw new NunchiException(
          Reason.INVALID_MODEL, "%s holds neither %s nor %s".formatted(directory, SINGLE, INDEX));
    }
    SortedSet<String> shards = new TreeSet<>();
    for (Map.Entry<String, JsonNode> entry : weightMap(directory).properties()) {
      String shard = entry.getValue().asText();
      // A name from a file must not lead out of the directory.
      if (!shard.matches("[\\w.-]+\\.safetensors")) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: weight_map has %s for %s, not the name of a safetensors file"
                .formatted(directory.resolve(INDEX), entry.getValue(), entry.getKey()));
      }
      shards.add(shard);
    }
    return shards.stream().map(directory::resolve).toList();
  }

  private static ObjectNode weightMap(Path directory) {
    Path index = directory.resolve(INDEX);
    if (Json.read(index).get("weight_map") instanceof ObjectNode map && !map.isEmpty()) {
      return map;
    }
    throw new NunchiException(
        Reason.INVALID_MODEL, index + ": weight_map should map tensors to files");
  }

  private static void requireIndexed(Path directory, Set<String> stored) {
    if (Files.exists(directory.resolve(SINGLE))) {
      return;
    }
    for (Map.Entry<String, JsonNode> entry : weightMap(directory).properties()) {
      if (!stored.contains(entry.getKey())) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s does not hold %s, which the index places there"
                .formatted(directory.resolve(entry.getValue().asText()), entry.getKey()));
      }
    }
  }

  private static String modern(String name) {
    return name.replaceFirst("LayerNorm\\.gamma$", "LayerNorm.weight")
        .replaceFirst("LayerNorm\\.beta$", "LayerNorm.bias");
  }

  @Override
  public Set<String> names() {
    return weights.keySet();
  }

  @Override
  public Weight get(String name) {
    @Nullable Weight weight = weights.get(name);
    if (weight == null) {
      throw new NunchiException(
          Reason.INVALID_MODEL, "%s holds no tensor %s".formatted(directory, name));
    }
    return weight;
  }
}
