package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The tensors of a checkpoint directory, by the names that its network has for them; see
/// [WeightFiles] and [TensorNames].
final class CheckpointWeights implements Weights {
  static final String SINGLE = "model.safetensors";

  private final Path directory;
  private final Map<String, Weight> weights;

  private CheckpointWeights(Path directory, Map<String, Weight> weights) {
    this.directory = directory;
    this.weights = weights;
  }

  static CheckpointWeights map(Path directory, Network network, Arena arena) {
    Map<String, Weight> stored = WeightFiles.mapAll(directory, arena);
    Map<String, String> understood = TensorNames.understood(directory, network, stored.keySet());
    Map<String, Weight> weights = new LinkedHashMap<>();
    stored.forEach((name, weight) -> weights.put(understood.getOrDefault(name, name), weight));
    return new CheckpointWeights(directory, Collections.unmodifiableMap(weights));
  }

  /// These weights with the labels of the head in another order.
  CheckpointWeights withLabelsMoved(LabelOrder order, Network network, Arena arena) {
    Map<String, Weight> moved = new LinkedHashMap<>(weights);
    network
        .outputBias()
        .ifPresent(name -> moved.computeIfPresent(name, (_, bias) -> order.move(bias, 0, arena)));
    moved.computeIfPresent(
        network.outputWeight(), (_, table) -> order.move(table, network.labelAxis(), arena));
    return new CheckpointWeights(directory, Collections.unmodifiableMap(moved));
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
