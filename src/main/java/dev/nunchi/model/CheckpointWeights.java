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

  /// These weights with others, of which those of the same name take the place of these.
  CheckpointWeights with(Map<String, Weight> others) {
    Map<String, Weight> all = new LinkedHashMap<>(weights);
    all.putAll(others);
    return new CheckpointWeights(directory, Collections.unmodifiableMap(all));
  }

  /// These weights with adapters merged into some, each whenever it is asked for.
  ///
  /// @param updates by the name of the weight
  Weights merged(Map<String, LowRankUpdate> updates) {
    return new Merged(this, updates);
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

  private record Merged(CheckpointWeights base, Map<String, LowRankUpdate> updates)
      implements Weights {
    @Override
    public Set<String> names() {
      return base.names();
    }

    @Override
    public Weight get(String name) {
      Weight weight = base.get(name);
      @Nullable LowRankUpdate update = updates.get(name);
      return update == null ? weight : update.merged(weight);
    }
  }
}
