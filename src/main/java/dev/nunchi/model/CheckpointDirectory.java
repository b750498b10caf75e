package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A Hugging Face directory open for reading: its configuration, its weights (mapped, until
/// [#close]) and its labels.
///
/// A checkpoint may lack parameters of the classifier, as one that was only pre-trained does, or
/// hold a head for other labels: [#missing] lists them, and whoever needs all calls
/// [#requireComplete]. Tensors that the network does not name (`cls.*`,
/// `discriminator_predictions.*`, `position_ids`) are of no concern. Immutable; safe for several
/// threads.
public final class CheckpointDirectory implements AutoCloseable {
  /// What is done with labels that the checkpoint has too, in another order.
  public enum Order {
    /// The checkpoint's order goes before.
    OF_THE_CHECKPOINT,
    /// The wanted order goes before; the head's rows are moved.
    AS_WANTED
  }

  private final CheckpointConfig config;
  private final Network network;
  private final LabelSet labels;
  private final ProblemType problemType;
  private final @Nullable Manifest manifest;
  private final Path path;
  private final Arena arena = Arena.ofShared();
  private final CheckpointWeights weights;
  private final TensorCheck check;

  private CheckpointDirectory(
      Path path,
      CheckpointConfig config,
      LabelSet labels,
      @Nullable Manifest manifest,
      HeadChange head) {
    this.path = path;
    this.config = config;
    this.network = config.network();
    this.labels = labels;
    this.problemType = manifest == null ? config.problemType() : manifest.task().problemType();
    this.manifest = manifest;
    try {
      ModelFiles.requireFit(path, network.vocabularySize());
      CheckpointWeights stored = CheckpointWeights.map(path, network, arena);
      this.weights =
          head.order().isSame() ? stored : stored.withLabelsMoved(head.order(), network, arena);
      this.check = new TensorCheck(path, network, weights, head.isNew());
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// The classifier as it was stored.
  ///
  /// @throws NunchiException `INVALID_MODEL` where a file is missing, damaged, something else than
  ///   its name says or contradicts another; `UNSUPPORTED_MODEL` where the family or a setting is
  ///   not implemented
  public static CheckpointDirectory open(Path directory) {
    CheckpointConfig config = readConfig(directory);
    @Nullable Manifest manifest = verifiedManifest(directory);
    if (manifest != null) {
      config.requireAgreement(manifest);
    }
    LabelSet labels = manifest == null ? config.labels() : manifest.task().labels();
    return new CheckpointDirectory(directory, config, labels, manifest, HeadChange.kept(labels));
  }

  /// The base for a classifier of these labels: its configuration is adapted, and unless it was
  /// stored with labels of the same names, its head counts as missing.
  ///
  /// @throws NunchiException as [#open(Path)], and where anything but a head is missing or is not
  ///   as the configuration says
  public static CheckpointDirectory open(
      Path directory, LabelSet wanted, Order order, ProblemType problemType) {
    CheckpointConfig stored = readConfig(directory);
    @Nullable Manifest manifest = verifiedManifest(directory);
    LabelSet known = manifest == null ? stored.labels() : manifest.task().labels();
    HeadChange head = HeadChange.of(known, wanted, order);
    CheckpointDirectory opened =
        new CheckpointDirectory(
            directory, stored.with(head.labels(), problemType), head.labels(), null, head);
    try {
      opened.check.requireTrunk();
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  private static CheckpointConfig readConfig(Path directory) {
    ModelFiles.requireReadable(directory);
    CheckpointConfig config = CheckpointConfig.read(directory);
    config.requireUnquantized();
    return config.padded();
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
    return check.missing();
  }

  /// Whether the checkpoint holds a head for other labels than those that it was opened for.
  public boolean losesHead() {
    return check.newHead() && weights.names().contains(network.outputWeight());
  }

  /// Checks that every parameter of the network is there.
  ///
  /// @throws NunchiException `INVALID_MODEL` naming the first tensor that is missing, of another
  ///   shape, of whole numbers or with what is no number
  public void requireComplete() {
    check.requireAll();
  }

  @Override
  public void close() {
    arena.close();
  }
}
