package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A Hugging Face directory open for reading: its configuration, its weights (mapped, until
/// [#close]) and its labels.
///
/// A checkpoint may lack parameters of the classifier, as one that was only pre-trained does, or
/// hold a head for other labels: [#missing] and [#mismatched] list them, and whoever needs all
/// calls [#requireComplete]. Tensors that the network does not name (`cls.*`,
/// `discriminator_predictions.*`, `position_ids`) are of no concern. Immutable; safe for several
/// threads.
public final class CheckpointDirectory implements AutoCloseable {
  private final CheckpointConfig config;
  private final Network network;
  private final LabelSet labels;
  private final ProblemType problemType;
  private final @Nullable Manifest manifest;
  private final boolean newHead;
  private final Path path;
  private final Arena arena = Arena.ofShared();
  private final CheckpointWeights weights;

  private CheckpointDirectory(
      Path path,
      CheckpointConfig config,
      LabelSet labels,
      @Nullable Manifest manifest,
      boolean newHead) {
    this.path = path;
    this.config = config;
    this.network = config.network();
    this.labels = labels;
    this.problemType = manifest == null ? config.problemType() : manifest.task().problemType();
    this.manifest = manifest;
    this.newHead = newHead;
    try {
      this.weights = CheckpointWeights.map(path, network.modelType(), arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// The classifier as it was stored.
  ///
  /// @throws NunchiException `INVALID_MODEL` where a file is missing, damaged or contradicts
  ///   another; `UNSUPPORTED_MODEL` where the family or a setting is not implemented
  public static CheckpointDirectory open(Path directory) {
    CheckpointConfig config = CheckpointConfig.read(directory);
    @Nullable Manifest manifest = verifiedManifest(directory);
    if (manifest != null) {
      config.requireAgreement(manifest);
    }
    LabelSet labels = manifest == null ? config.labels() : manifest.task().labels();
    return new CheckpointDirectory(directory, config, labels, manifest, false);
  }

  /// The base for a classifier of these labels: its configuration is adapted, and unless it was
  /// stored with labels of the same names in the same order, its head counts as missing.
  ///
  /// @throws NunchiException as [#open(Path)]
  public static CheckpointDirectory open(Path directory, LabelSet labels, ProblemType problemType) {
    CheckpointConfig stored = CheckpointConfig.read(directory);
    verifiedManifest(directory);
    boolean newHead = !stored.labels().names().equals(labels.names());
    return new CheckpointDirectory(
        directory, stored.with(labels, problemType), labels, null, newHead);
  }

  private static @Nullable Manifest verifiedManifest(Path directory) {
    @Nullable Manifest manifest = ManifestFile.read(directory).orElse(null);
    if (manifest != null) {
      Digests.verify(directory, manifest);
    }
    return manifest;
  }

  public Path path() {
    return path;
  }

  /// `config.json` as it stands, or as it was adapted to other labels; a copy.
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

  /// `nunchi.json`, empty where the directory has none or was opened for other labels.
  public Optional<Manifest> manifest() {
    return Optional.ofNullable(manifest);
  }

  /// The stored manifest or, where the directory has none, what its other files say: no normaliser,
  /// no probe, temperature 1.
  public Manifest description() {
    return manifest == null ? config.description(path) : manifest;
  }

  /// The stored weights, also those of a head that counts as missing; their memory is unmapped by
  /// [#close].
  public Weights weights() {
    return weights;
  }

  /// Parameters of the network that the checkpoint does not hold or that belong to a head for other
  /// labels, in forward order.
  public List<Parameter> missing() {
    return parameters(
        parameter -> isNewHead(parameter) || !weights.names().contains(parameter.name()));
  }

  /// Parameters that the checkpoint holds in another shape and that do not count as missing, in
  /// forward order.
  public List<Parameter> mismatched() {
    return parameters(parameter ->
        !isNewHead(parameter)
            && weights.names().contains(parameter.name())
            && !weights.get(parameter.name()).shape().equals(parameter.shape()));
  }

  private boolean isNewHead(Parameter parameter) {
    return newHead && network.headPrefixes().stream().anyMatch(parameter.name()::startsWith);
  }

  private List<Parameter> parameters(Predicate<Parameter> which) {
    return network.parameters().stream().filter(which).toList();
  }

  /// Checks that every parameter of the network is there.
  ///
  /// @throws NunchiException `INVALID_MODEL` naming the first parameter that is missing, of another
  ///   shape or not of floating numbers, with what was expected and what is there
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
    for (Parameter parameter : network.parameters()) {
      ElementType type = weights.get(parameter.name()).type();
      if (!FloatWeights.isFloat(type)) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: tensor %s should hold floating numbers, but is of type %s"
                .formatted(path, parameter.name(), type));
      }
    }
  }

  /// The directory's `tokenizer.json`.
  ///
  /// @throws NunchiException `INVALID_MODEL` where it has none
  public Path tokenizer() {
    return TokenizerFiles.require(path);
  }

  @Override
  public void close() {
    arena.close();
  }
}
