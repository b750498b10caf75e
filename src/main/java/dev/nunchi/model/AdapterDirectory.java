package dev.nunchi.model;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.ShownText;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A directory with a LoRA adapter of PEFT, its base found: `adapter_config.json` and
/// `adapter_model.safetensors` (or `.bin`), from here or from PEFT.
///
/// The tensors' names are those of the network with `base_model.model.` before them. What PEFT's
/// older versions left in them is understood (`.default.`, `.modules_to_save.`); copies of a module
/// before training (`.original_module.`) are left out; anything else is refused by name.
final class AdapterDirectory {
  private static final int LONGEST_NAME = 200;

  static final String WEIGHTS = "adapter_model.safetensors";

  /// The `config.json` of the classifier that adapter and base are. Not under that name:
  /// transformers takes a directory with a `config.json` for a whole model, whose weights it then
  /// misses.
  static final String CLASSIFIER_CONFIG = "classifier_config.json";

  private static final String PYTORCH_WEIGHTS = "adapter_model.bin";
  private static final String PREFIX = "base_model.model.";

  private final Path path;
  private final Path base;
  private final AdapterConfig config;
  private final Lora lora;
  private final AdapterBase baseModel;
  private final Map<String, Weight> tensors;

  private AdapterDirectory(
      Path path, Path base, AdapterConfig config, AdapterBase baseModel, Arena arena) {
    this.path = path;
    this.base = base;
    this.config = config;
    this.lora = config.lora();
    this.baseModel = baseModel;
    this.tensors = tensors(path, arena);
  }

  /// Whether a directory holds an adapter and no model.
  static boolean holds(Path directory) {
    return Files.exists(directory.resolve(AdapterConfig.FILE_NAME))
        && WeightFiles.in(directory).isEmpty()
        && !Files.exists(directory.resolve(ModelDirectory.GRAPH));
  }

  /// The file with the tensors among the names of a directory of an adapter.
  static Optional<String> weights(Collection<String> names) {
    return Stream.of(WEIGHTS, PYTORCH_WEIGHTS).filter(names::contains).findFirst();
  }

  /// Opens an adapter, and finds its base.
  ///
  /// @param given directory of the base, null for the one that the adapter names
  /// @param others where a base is that is no directory
  /// @param arena owns the mapped tensors
  /// @throws NunchiException `INVALID_MODEL` where a file is missing or damaged, or the base is not
  ///   here or not the one that the adapter was trained on; `UNSUPPORTED_MODEL` for an adapter of a
  ///   kind that is not read
  static AdapterDirectory open(
      Path path,
      @Nullable Path given,
      BaseModels others,
      @Nullable Manifest manifest,
      Arena arena) {
    AdapterConfig config = AdapterConfig.read(path);
    Map<String, String> provenance = provenance(manifest);
    Optional<String> digest = Optional.ofNullable(provenance.get(Provenance.BASE_DIGEST));
    AdapterBase baseModel = config.base(digest);
    Path base =
        given == null
            ? baseModel.find(path, others).orElseThrow(() -> absent(path, baseModel))
            : given;
    if (holds(base)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "The base %s of the adapter %s is an adapter itself; merge it into its own base first: nunchi merge --model %s --output DIR"
              .formatted(base, path, base));
    }
    ModelFiles.requireReadable(base);
    AdapterBase found = AdapterBase.of(base);
    if (digest.isPresent() && !digest.equals(found.digest())) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The adapter %s was trained on other weights than those of %s: the digest of its base should be %s, but is %s"
              .formatted(path, base, digest.get(), found.digest().orElseThrow()));
    }
    return new AdapterDirectory(
        path, base, config, found.inNf4(AdapterBase.isInNf4(path, provenance)), arena);
  }

  /// Opens an adapter of a base that was exported.
  ///
  /// @throws NunchiException as [#open]
  static AdapterDirectory of(
      ExportedBase base, Path path, @Nullable Manifest manifest, Arena arena) {
    AdapterConfig config = AdapterConfig.read(path);
    AdapterBase trainedOn =
        config.base(digest(manifest)).inNf4(AdapterBase.isInNf4(path, provenance(manifest)));
    base.require(path, trainedOn);
    return new AdapterDirectory(path, base.path(), config, trainedOn, arena);
  }

  private static Optional<String> digest(@Nullable Manifest manifest) {
    return Optional.ofNullable(provenance(manifest).get(Provenance.BASE_DIGEST));
  }

  static Map<String, String> provenance(@Nullable Manifest manifest) {
    return manifest == null ? Map.of() : manifest.origin().provenance();
  }

  private static NunchiException absent(Path path, AdapterBase base) {
    String what = "%s holds a LoRA adapter of %s, which is not here; ".formatted(path, base);
    if (ModelFiles.mayBeHubName(base.name())) {
      what += "'nunchi models pull %s' fetches it, and ".formatted(base);
    }
    return new NunchiException(
        Reason.INVALID_MODEL,
        what
            + "'nunchi merge --model %s --base DIR --output DIR' takes it from any directory"
                .formatted(path));
  }

  private static Map<String, Weight> tensors(Path path, Arena arena) {
    Path safetensors = path.resolve(WEIGHTS);
    Map<String, Weight> stored =
        Files.exists(safetensors) || !Files.exists(path.resolve(PYTORCH_WEIGHTS))
            ? SafetensorsFile.map(safetensors, arena)
            : PytorchFile.map(path.resolve(PYTORCH_WEIGHTS), arena);
    Map<String, Weight> tensors = new LinkedHashMap<>();
    stored.forEach((name, weight) -> {
      if (name.contains(".original_module.")) {
        return;
      }
      @Nullable Weight other = tensors.put(plainName(name), weight);
      if (other != null) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: two tensors mean %s; keep one of them".formatted(path, plainName(name)));
      }
    });
    return tensors;
  }

  /// The name in the network of a stored name.
  private static String plainName(String stored) {
    String name = stored.startsWith(PREFIX) ? stored.substring(PREFIX.length()) : stored;
    return name.replace("_orig_mod.", "")
        .replaceFirst("\\.modules_to_save(\\.default)?\\.", ".")
        .replaceFirst("(\\.lora_[AB])\\.default\\.weight$", "$1.weight")
        .replaceFirst(
            "\\.lora_magnitude_vector(\\.default)?(\\.weight)?$", ".lora_magnitude_vector");
  }

  /// The name that PEFT stores a parameter under.
  static String storedName(String parameter) {
    return PREFIX + parameter;
  }

  /// Directory of the base.
  Path base() {
    return base;
  }

  /// The base as it was found, with the digest of its weights.
  AdapterBase baseModel() {
    return baseModel;
  }

  /// Digest of the files that make the adapter.
  String digest() {
    List<String> files =
        Stream.of(AdapterConfig.FILE_NAME, WEIGHTS, PYTORCH_WEIGHTS)
            .filter(name -> Files.exists(path.resolve(name)))
            .toList();
    return Digests.revision(Digests.of(path, files)).replace("sha256:", "");
  }

  /// The adapter's settings; where they do not say which layers it has by the rules here, as with
  /// layers that were chosen by their numbers, with each layer's name.
  ///
  /// @param network of the classifier, without adapters
  Lora lora(Network network) {
    boolean areSaid;
    try {
      areSaid = network.adapted(lora).adapters().layers().keySet().equals(layers());
    } catch (NunchiException _) {
      areSaid = false;
    }
    return areSaid ? lora : lora.naming(layers());
  }

  /// Where the tokenizer is: here, or with the base.
  Path tokenizerDirectory() {
    return TokenizerFiles.areIn(path) ? path : base;
  }

  /// The configuration of the classifier: the one that lies with the adapter, else that of the
  /// base, with as many labels as the adapter's head has.
  ///
  /// @throws NunchiException `INVALID_MODEL` where the adapter has no head
  CheckpointConfig classifier() {
    Optional<Path> own =
        Stream.of(CLASSIFIER_CONFIG, CheckpointConfig.FILE_NAME)
            .map(path::resolve)
            .filter(Files::exists)
            .findFirst();
    CheckpointConfig read =
        CheckpointConfig.readFile(own.orElseGet(() -> base.resolve(CheckpointConfig.FILE_NAME)));
    read.requireReadableWeights();
    CheckpointConfig found = read.padded();
    Network network = found.network();
    @Nullable Weight head = tensors.get(network.outputWeight());
    if (head == null) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s: the adapter holds no tensor of a head (%s), so what it learnt of the labels is lost; train it again with the head in modules_to_save"
              .formatted(path, storedName(network.outputWeight())));
    }
    int rows = head.shape().isEmpty() ? 0 : head.shape().get(network.labelAxis());
    return own.isPresent() || rows == found.labels().size() || rows < 1
        ? found
        : found.with(
            new LabelSet(
                Stream.iterate(0, i -> i < rows, i -> i + 1)
                    .map(i -> Label.of("LABEL_" + i))
                    .toList()),
            rows == 1 ? ProblemType.REGRESSION : ProblemType.SINGLE_LABEL_CLASSIFICATION);
  }

  /// The parameters of the network that the adapter holds in full, the head among them.
  ///
  /// @param network of the classifier, without adapters
  /// @throws NunchiException `INVALID_MODEL` where a tensor means no parameter, `UNSUPPORTED_MODEL`
  ///   where a layer that cannot be adapted is
  Map<String, Weight> saved(Network network) {
    Set<String> parameters =
        network.parameters().stream().map(Parameter::name).collect(Collectors.toSet());
    Set<String> linears = network.linears().stream().map(Linear::name).collect(Collectors.toSet());
    Map<String, Weight> saved = new LinkedHashMap<>();
    tensors.forEach((name, weight) -> {
      if (parameters.contains(name)) {
        saved.put(name, weight);
      } else if (!LowRank.isParameter(name) || !linears.contains(layer(name))) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s: tensor %s of the adapter belongs to nothing in a %s network that can be adapted; the nearest is %s"
                .formatted(
                    path,
                    storedName(name),
                    network.modelType(),
                    TensorNames.nearest(parameters, layer(name) + ".weight")));
      }
    });
    return saved;
  }

  /// The adapters of layers by the weight that they adapt.
  ///
  /// @param network of the classifier, without adapters
  /// @throws NunchiException `INVALID_MODEL` where a tensor is missing, of another shape or holds
  ///   something else than numbers
  Map<String, LowRankUpdate> updates(Network network) {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    network.parameters().forEach(each -> shapes.put(each.name(), each.shape()));
    Map<String, LowRankUpdate> updates = new LinkedHashMap<>();
    for (String layer : layers()) {
      List<Integer> shape = shapes.getOrDefault(layer + ".weight", List.of());
      if (shape.size() != 2) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: the adapter adapts %s, which is no layer of the base that can be adapted"
                .formatted(path, ShownText.name(layer, LONGEST_NAME)));
      }
      LowRank adapter = lora.of(layer);
      if (!adapter.decomposed() && tensors.containsKey(LowRank.magnitudeVector(layer))) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: %s of the adapter belongs to DoRA, but use_dora of %s is false"
                .formatted(
                    path, storedName(LowRank.magnitudeVector(layer)), AdapterConfig.FILE_NAME));
      }
      updates.put(
          layer + ".weight",
          new LowRankUpdate(
              tensor(LowRank.downWeight(layer), List.of(adapter.rank(), shape.get(1))),
              tensor(LowRank.upWeight(layer), List.of(shape.get(0), adapter.rank())),
              adapter.decomposed()
                  ? tensor(LowRank.magnitudeVector(layer), List.of(shape.get(0)))
                  : null,
              adapter.scale()));
    }
    if (updates.isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_MODEL, path + ": the adapter adapts no layer, as it has no lora_A tensor");
    }
    return updates;
  }

  /// The parameters of the adapters, by name.
  Map<String, Weight> adapters() {
    Map<String, Weight> adapters = new LinkedHashMap<>(tensors);
    adapters.keySet().removeIf(name -> !LowRank.isParameter(name));
    return adapters;
  }

  private SortedSet<String> layers() {
    return tensors.keySet().stream()
        .filter(LowRank::isParameter)
        .map(AdapterDirectory::layer)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String layer(String parameter) {
    return parameter.replaceFirst("\\.lora_([AB]\\.weight|magnitude_vector)$", "");
  }

  private Weight tensor(String name, List<Integer> shape) {
    @Nullable Weight weight = tensors.get(name);
    String fault;
    if (weight == null) {
      fault = "is missing";
    } else if (!weight.shape().equals(shape)) {
      fault =
          "should have the shape %s by %s and the base, but has %s"
              .formatted(shape, AdapterConfig.FILE_NAME, weight.shape());
    } else if (!FloatWeights.isFloat(weight.type())) {
      fault = "should hold floating numbers, but is of type " + weight.type();
    } else if (!FloatWeights.isFinite(weight)) {
      fault = "holds what is no number (NaN or infinity)";
    } else {
      return weight;
    }
    throw new NunchiException(
        Reason.INVALID_MODEL, "%s: tensor %s %s".formatted(path, storedName(name), fault));
  }
}
