package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/// A Hugging Face directory open for reading: its configuration, its weights (mapped, until
/// [#close]) and its labels.
///
/// A checkpoint may lack parameters of the classifier, as one that was only pre-trained does, or
/// hold a head for other labels: [#missing] and [#mismatched] list them, and whoever needs all
/// calls [#requireComplete]. Tensors that the network does not name (`cls.*`,
/// `discriminator_predictions.*`, `position_ids`) are of no concern. Immutable; safe for several
/// threads.
public final class CheckpointDirectory implements AutoCloseable {
  private final Path path;
  private final CheckpointConfig config;
  private final Network network;
  private final LabelSet labels;
  private final ProblemType problemType;
  private final CheckpointWeights weights;
  private final Arena arena;

  private CheckpointDirectory(
      Path path, CheckpointConfig config, LabelSet labels, CheckpointWeights weights, Arena arena) {
    this.path = path;
    this.config = config;
    this.network = config.network();
    this.labels = labels;
    this.problemType = config.problemType();
    this.weights = weights;
    this.arena = arena;
  }

  /// @throws NunchiException `INVALID_MODEL` where a file is missing, damaged or contradicts
  ///   another; `UNSUPPORTED_MODEL` where the family or a setting is not implemented
  public static CheckpointDirectory open(Path directory) {
    CheckpointConfig config = CheckpointConfig.read(directory);
    Network network = config.network();
    Arena arena = Arena.ofShared();
    try {
      CheckpointWeights weights = CheckpointWeights.map(directory, network.modelType(), arena);
      return new CheckpointDirectory(directory, config, config.labels(), weights, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  public Path path() {
    return path;
  }

  /// `config.json` as it stands; a copy.
  public ObjectNode config() {
    return config.json().deepCopy();
  }

  public Network network() {
    return network;
  }

  public LabelSet labels() {
    return labels;
  }

  public ProblemType problemType() {
    return problemType;
  }

  /// The stored weights; their memory is unmapped by [#close].
  public Weights weights() {
    return weights;
  }

  /// Parameters of the network that the checkpoint does not hold, in forward order.
  public List<Parameter> missing() {
    return parameters(parameter -> !weights.names().contains(parameter.name()));
  }

  /// Parameters that the checkpoint holds in another shape, in forward order.
  public List<Parameter> mismatched() {
    return parameters(parameter ->
        weights.names().contains(parameter.name())
            && !weights.get(parameter.name()).shape().equals(parameter.shape()));
  }

  private List<Parameter> parameters(Predicate<Parameter> which) {
    return network.parameters().stream().filter(which).toList();
  }

  /// @throws NunchiException `INVALID_MODEL` naming the first parameter that is missing or of
  ///   another shape, with the expected and the actual one
  public void requireComplete() {
    for (Parameter parameter : missing()) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s holds no tensor %s %s".formatted(path, parameter.name(), parameter.shape()));
    }
    for (Parameter parameter : mismatched()) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s: tensor %s should have the shape %s, but has %s"
              .formatted(
                  path,
                  parameter.name(),
                  parameter.shape(),
                  weights.get(parameter.name()).shape()));
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
