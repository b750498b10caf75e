package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The tensors of a checkpoint directory, by the names that its network has for them; see
/// [WeightFiles], [Nf4Tensors] and [TensorNames].
final class CheckpointWeights implements Weights {
  static final String SINGLE = "model.safetensors";

  private final Path directory;
  private final Map<String, Weight> weights;
  private final Map<String, Nf4Weight> quantized;
  private final Set<String> names;

  private CheckpointWeights(
      Path directory, Map<String, Weight> weights, Map<String, Nf4Weight> quantized) {
    this.directory = directory;
    this.weights = weights;
    this.quantized = quantized;
    Set<String> all = new LinkedHashSet<>(weights.keySet());
    all.addAll(quantized.keySet());
    this.names = Collections.unmodifiableSet(all);
  }

  static CheckpointWeights map(Path directory, Network network, Arena arena) {
    Map<String, Weight> stored = new LinkedHashMap<>(WeightFiles.mapAll(directory, arena));
    QuantizationMethod.requireReadable(stored.keySet(), directory);
    Map<String, Nf4Weight> quantized = Nf4Tensors.takenFrom(stored, directory);
    Set<String> names = new LinkedHashSet<>(stored.keySet());
    names.addAll(quantized.keySet());
    Map<String, String> understood = TensorNames.understood(directory, network, names);
    return new CheckpointWeights(
        directory, renamed(stored, understood), renamed(quantized, understood));
  }

  private static <W> Map<String, W> renamed(Map<String, W> stored, Map<String, String> names) {
    Map<String, W> renamed = new LinkedHashMap<>();
    stored.forEach((name, weight) -> renamed.put(names.getOrDefault(name, name), weight));
    return Collections.unmodifiableMap(renamed);
  }

  /// These weights with others, of which those of the same name take the place of these.
  CheckpointWeights with(Map<String, Weight> others) {
    Map<String, Weight> all = new LinkedHashMap<>(weights);
    all.putAll(others);
    Map<String, Nf4Weight> kept = new LinkedHashMap<>(quantized);
    kept.keySet().removeAll(others.keySet());
    return new CheckpointWeights(
        directory, Collections.unmodifiableMap(all), Collections.unmodifiableMap(kept));
  }

  /// Weights with adapters merged into some, each whenever it is asked for.
  ///
  /// @param updates by the name of the weight
  static Weights merged(Weights base, Map<String, LowRankUpdate> updates) {
    return new Merged(base, updates);
  }

  /// These weights with the labels of the head in another order.
  CheckpointWeights withLabelsMoved(LabelOrder order, Network network, Arena arena) {
    Map<String, Weight> moved = new LinkedHashMap<>(weights);
    Map<String, Nf4Weight> kept = new LinkedHashMap<>(quantized);
    network
        .outputBias()
        .ifPresent(name -> moved.computeIfPresent(name, (_, bias) -> order.move(bias, 0, arena)));
    String table = network.outputWeight();
    if (names.contains(table)) {
      moved.put(table, order.move(get(table), network.labelAxis(), arena));
      kept.remove(table);
    }
    return new CheckpointWeights(
        directory, Collections.unmodifiableMap(moved), Collections.unmodifiableMap(kept));
  }

  @Override
  public Set<String> names() {
    return names;
  }

  @Override
  public Weight get(String name) {
    return get(name, Arena.ofAuto());
  }

  @Override
  public Weight get(String name, Arena arena) {
    @Nullable Nf4Weight packed = quantized.get(name);
    return packed == null ? plain(name) : packed.dequantized(arena);
  }

  @Override
  public List<Integer> shape(String name) {
    @Nullable Nf4Weight packed = quantized.get(name);
    return packed == null ? plain(name).shape() : packed.shape();
  }

  @Override
  public ElementType type(String name) {
    @Nullable Nf4Weight packed = quantized.get(name);
    return packed == null ? plain(name).type() : packed.type();
  }

  @Override
  public Optional<Nf4Weight> quantized(String name) {
    return Optional.ofNullable(quantized.get(name));
  }

  private Weight plain(String name) {
    @Nullable Weight weight = weights.get(name);
    if (weight == null) {
      throw new NunchiException(
          Reason.INVALID_MODEL, "%s holds no tensor %s".formatted(directory, name));
    }
    return weight;
  }

  private record Merged(Weights base, Map<String, LowRankUpdate> updates) implements Weights {
    @Override
    public Set<String> names() {
      return base.names();
    }

    @Override
    public Weight get(String name) {
      return get(name, Arena.ofAuto());
    }

    @Override
    public Weight get(String name, Arena arena) {
      Weight weight = base.get(name, arena);
      @Nullable LowRankUpdate update = updates.get(name);
      return update == null ? weight : update.merged(weight, arena);
    }

    @Override
    public List<Integer> shape(String name) {
      return base.shape(name);
    }

    @Override
    public ElementType type(String name) {
      return updates.containsKey(name) ? ElementType.F32 : base.type(name);
    }

    @Override
    public Optional<Nf4Weight> quantized(String name) {
      return updates.containsKey(name) ? Optional.empty() : base.quantized(name);
    }
  }
}
