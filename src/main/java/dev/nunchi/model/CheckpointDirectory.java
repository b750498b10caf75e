package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A Hugging Face directory open for reading: its configuration, its weights (mapped, until
/// [#close]) and its labels. A LoRA adapter of PEFT is opened with its base, as the model that the
/// two are together.
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

  /// What is done with an adapter.
  private enum Adapter {
    /// It is merged into the weights of its base.
    MERGED,
    /// Its weights lie beside those of its base.
    APART
  }

  private final CheckpointConfig config;
  private final Network network;
  private final LabelSet labels;
  private final ProblemType problemType;
  private final @Nullable Manifest manifest;
  private final Source source;
  private final Weights weights;
  private final TensorCheck check;

  private CheckpointDirectory(
      Source source,
      CheckpointConfig config,
      LabelSet labels,
      @Nullable Manifest manifest,
      HeadChange head,
      Adapter how) {
    this.source = source;
    this.config = config;
    this.network = config.network();
    this.labels = labels;
    this.problemType = manifest == null ? config.problemType() : manifest.task().problemType();
    this.manifest = manifest;
    ModelFiles.requireFit(source.tokenizerDirectory(), network.vocabularySize());
    CheckpointWeights stored = source.weights(network);
    CheckpointWeights moved =
        head.order().isSame()
            ? stored
            : stored.withLabelsMoved(head.order(), network, source.arena());
    this.check = new TensorCheck(source.path(), network, moved, head.isNew());
    @Nullable AdapterDirectory adapter = source.adapter();
    if (adapter == null) {
      this.weights = moved;
    } else {
      Map<String, LowRankUpdate> updates = adapter.updates(network);
      this.weights =
          how == Adapter.MERGED
              ? CheckpointWeights.merged(ofAdapter(adapter, moved), updates)
              : ofAdapter(adapter, moved.with(adapter.adapters()));
    }
  }

  /// The weights of a base as the adapter was trained on them.
  private Weights ofAdapter(AdapterDirectory adapter, Weights base) {
    return adapter.baseModel().inNf4()
        ? Nf4Base.of(base, network.adapted(adapter.lora(network)))
        : base;
  }

  /// Files that are open.
  ///
  /// @param manifest of `path`, verified
  /// @param adapter null where the directory is no adapter's
  private record Source(
      Path path, @Nullable Manifest manifest, @Nullable AdapterDirectory adapter, Arena arena) {
    static <R> R open(
        Path path, @Nullable Path base, BaseModels bases, Function<Source, R> whatFor) {
      ModelFiles.requireReadable(path);
      Arena arena = Arena.ofShared();
      try {
        @Nullable Manifest manifest = verifiedManifest(path);
        return whatFor.apply(
            new Source(
                path,
                manifest,
                AdapterDirectory.holds(path)
                    ? AdapterDirectory.open(path, base, bases, manifest, arena)
                    : null,
                arena));
      } catch (RuntimeException e) {
        arena.close();
        throw e;
      }
    }

    CheckpointConfig config() {
      if (adapter != null) {
        return adapter.classifier();
      }
      CheckpointConfig config = CheckpointConfig.read(path);
      config.requireReadableWeights();
      return config.padded();
    }

    CheckpointWeights weights(Network network) {
      return adapter == null
          ? CheckpointWeights.map(path, network, arena)
          : CheckpointWeights.map(adapter.base(), network, arena).with(adapter.saved(network));
    }

    Path tokenizerDirectory() {
      return adapter == null ? path : adapter.tokenizerDirectory();
    }
  }

  /// The classifier as it was stored; an adapter's base has to be a directory.
  ///
  /// @throws NunchiException as [#open(Path, BaseModels)]
  public static CheckpointDirectory open(Path directory) {
    return open(directory, BaseModels.NONE);
  }

  /// The classifier as it was stored; an adapter merged into its base, which changes no file.
  ///
  /// @param bases where an adapter's base is that is no directory
  /// @throws NunchiException `INVALID_MODEL` where a file is missing, damaged, something else than
  ///   its name says or contradicts another, or the base is not here or another;
  ///   `UNSUPPORTED_MODEL` where the family or a setting is not implemented
  public static CheckpointDirectory open(Path directory, BaseModels bases) {
    return Source.open(directory, null, bases, source -> stored(source, Adapter.MERGED));
  }

  /// The same of an adapter whose base lies in a directory that it does not name.
  ///
  /// @throws NunchiException as [#open(Path, BaseModels)]
  public static CheckpointDirectory open(Path directory, Path base) {
    return Source.open(directory, base, BaseModels.NONE, source -> stored(source, Adapter.MERGED));
  }

  /// The same for who trains on: an adapter's weights lie beside those of its base.
  ///
  /// @throws NunchiException as [#open(Path, BaseModels)]
  public static CheckpointDirectory openApart(Path directory, BaseModels bases) {
    return Source.open(directory, null, bases, source -> stored(source, Adapter.APART));
  }

  private static CheckpointDirectory stored(Source source, Adapter how) {
    CheckpointConfig config = source.config();
    @Nullable Manifest manifest = source.manifest();
    if (manifest != null) {
      config.requireAgreement(manifest);
    }
    LabelSet labels = manifest == null ? config.labels() : manifest.task().labels();
    return new CheckpointDirectory(source, config, labels, manifest, HeadChange.kept(labels), how);
  }

  /// The base for a classifier of these labels: its configuration is adapted, and unless it was
  /// stored with labels of the same names, its head counts as missing. An adapter's weights lie
  /// beside those of its base.
  ///
  /// @throws NunchiException as [#open(Path, BaseModels)], and where anything but a head is missing
  ///   or is not as the configuration says
  public static CheckpointDirectory open(
      Path directory, LabelSet wanted, Order order, ProblemType problemType, BaseModels bases) {
    return Source.open(
        directory, null, bases, source -> adapted(source, wanted, order, problemType));
  }

  /// The same of a directory, whose base, where it is an adapter's, is one too.
  public static CheckpointDirectory open(
      Path directory, LabelSet wanted, Order order, ProblemType problemType) {
    return open(directory, wanted, order, problemType, BaseModels.NONE);
  }

  private static CheckpointDirectory adapted(
      Source source, LabelSet wanted, Order order, ProblemType problemType) {
    CheckpointConfig stored = source.config();
    @Nullable Manifest manifest = source.manifest();
    LabelSet known = manifest == null ? stored.labels() : manifest.task().labels();
    HeadChange head = HeadChange.of(known, wanted, order);
    CheckpointDirectory opened =
        new CheckpointDirectory(
            source,
            stored.with(head.labels(), problemType),
            head.labels(),
            null,
            head,
            Adapter.APART);
    opened.check.requireTrunk();
    return opened;
  }

  private static @Nullable Manifest verifiedManifest(Path directory) {
    @Nullable Manifest manifest = ManifestFile.read(directory).orElse(null);
    if (manifest != null) {
      Digests.verify(directory, manifest);
    }
    return manifest;
  }

  public Path path() {
    return source.path();
  }

  /// Where the tokenizer is: with the model or, where an adapter has none, with its base.
  public Path tokenizerDirectory() {
    return source.tokenizerDirectory();
  }

  /// The settings of the adapter, empty where the directory is none.
  public Optional<Lora> lora() {
    return Optional.ofNullable(source.adapter()).map(adapter -> adapter.lora(network));
  }

  /// The model that the adapter was trained on, empty where the directory is none.
  public Optional<AdapterBase> base() {
    return Optional.ofNullable(source.adapter()).map(AdapterDirectory::baseModel);
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

  /// Where that model lies, empty where the directory is none.
  public Optional<Path> baseDirectory() {
    return Optional.ofNullable(source.adapter()).map(AdapterDirectory::base);
  }

  /// The directories that are read: its own and, of an adapter, that of the base.
  public List<Path> directories() {
    return baseDirectory().map(base -> List.of(path(), base)).orElseGet(() -> List.of(path()));
  }

  /// `nunchi.json`, empty where the directory has none or was opened for other labels.
  public Optional<Manifest> manifest() {
    return Optional.ofNullable(manifest);
  }

  /// The stored manifest or, where the directory has none, what its other files say: no normaliser,
  /// no probe, temperature 1.
  public Manifest description() {
    return manifest == null ? config.description(source.path()) : manifest;
  }

  /// The stored weights, also those of a head that counts as missing; their memory is unmapped by
  /// [#close]. One that an adapter is merged into is computed whenever it is asked for.
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
    source.arena().close();
  }
}
