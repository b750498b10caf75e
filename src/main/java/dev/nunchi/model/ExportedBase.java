package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/// A directory with the base of adapters as ONNX, verified: the graph, which takes an adapter's
/// numbers as inputs, the tokenizer, and a `nunchi.json` of its own kind.
///
/// @param name of the model that was exported, as [AdapterBase] has it
/// @param digest of the weights that the base was exported from, as [AdapterBase] has it
/// @param inNf4 whether those weights were rounded to NF4, as QLoRA trains on them
/// @param revision digest of the exported weights
/// @param precision number format of the exported weights
/// @param layers names of the linear layers that take low-rank matrices
/// @param head names of the parameters that an adapter brings whole: its head, and what else of it
///   was trained so
/// @param network of a classifier on the base, for what its layers are called and how large they
///   are
public record ExportedBase(
    Path path,
    String name,
    String digest,
    boolean inNf4,
    String revision,
    Precision precision,
    Set<String> layers,
    Set<String> head,
    Network network) {
  private static final Logger LOG = Logger.getLogger(ExportedBase.class);

  private static final String NAME = "base_model";

  /// The key that a model's manifest has not.
  private static final String LAYERS = "adapter_layers";

  private static final String HEAD = "head_parameters";

  private static final String IN_NF4 = "base_model_in_nf4";

  private static final String DIGEST = "sha256:[0-9a-f]{64}";

  public ExportedBase {
    layers = Set.copyOf(layers);
    head = Set.copyOf(head);
  }

  /// Whether a manifest is that of a base.
  static boolean isDescribedBy(ObjectNode manifest) {
    return manifest.has(LAYERS);
  }

  /// Reads the directory and checks its files against their digests.
  ///
  /// @throws NunchiException `INVALID_MODEL` where it is no such directory, or a file is missing or
  ///   not the one that was written; `UNSUPPORTED_MODEL` where a newer Nunchi wrote it
  public static ExportedBase open(Path directory) {
    ModelFiles.requireDirectory(directory);
    Path file = directory.resolve(Manifest.FILE_NAME);
    ObjectNode manifest = Files.exists(file) ? Json.read(file) : Json.object();
    if (!isDescribedBy(manifest)) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s is no base of adapters; 'nunchi export --adapters separate --model ADAPTER --output DIR' writes one"
              .formatted(directory));
    }
    JsonFields json = new JsonFields(file, manifest);
    int version = json.whole("format_version", 1, Integer.MAX_VALUE);
    if (version > Manifest.FORMAT_VERSION) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s was written by a newer Nunchi (format_version %d; this one reads %d); update Nunchi"
              .formatted(file, version, Manifest.FORMAT_VERSION));
    }
    Map<String, String> files = json.texts("files", "[0-9a-f]{64}", "64 hexadecimal digits");
    String revision = json.matching("revision", DIGEST, "sha256: and 64 hexadecimal digits");
    Digests.damage(directory, files)
        .ifPresent(damage -> {
          throw new NunchiException(Reason.INVALID_MODEL, damage);
        });
    Digests.requireProof(directory, files, revision, ModelDirectory.read(directory));
    return new ExportedBase(
        directory,
        json.matching(NAME, ".+", "the name of a model"),
        json.matching(Provenance.BASE_DIGEST, DIGEST, "sha256: and 64 hexadecimal digits"),
        json.flag(IN_NF4),
        revision,
        json.oneOf("precision", Precision.values(), Precision::manifestName),
        Set.copyOf(json.strings(LAYERS)),
        Set.copyOf(json.strings(HEAD)),
        CheckpointConfig.read(directory).padded().network());
  }

  /// Writes the manifest of a directory whose other files are there.
  ///
  /// @param base that was exported
  /// @param layers as of the record, and so the head
  /// @param files that decide what it computes
  public static void write(
      Path directory,
      AdapterBase base,
      Precision precision,
      Set<String> layers,
      Set<String> head,
      List<String> files)
      throws IOException {
    Map<String, String> digests = Digests.of(directory, files);
    ObjectNode json = Json.object();
    json.put("format_version", Manifest.FORMAT_VERSION);
    json.put(NAME, base.name());
    json.put(Provenance.BASE_DIGEST, base.digest().orElseThrow());
    json.put(IN_NF4, base.inNf4());
    json.put("revision", Digests.revision(digests));
    json.put("precision", precision.manifestName());
    layers.stream().sorted().forEach(json.putArray(LAYERS)::add);
    head.stream().sorted().forEach(json.putArray(HEAD)::add);
    digests.forEach(json.putObject("files")::put);
    json.putObject("documents");
    Files.writeString(directory.resolve(Manifest.FILE_NAME), Json.pretty(json));
  }

  /// Whether an adapter was trained on these weights, as far as its directory says.
  ///
  /// @throws NunchiException `INVALID_MODEL` where its manifest is damaged
  public boolean isOf(Path adapter) {
    Map<String, String> provenance =
        AdapterDirectory.provenance(ManifestFile.read(adapter).orElse(null));
    return digest.equals(provenance.getOrDefault(Provenance.BASE_DIGEST, digest))
        && inNf4 == AdapterBase.isInNf4(adapter, provenance);
  }

  /// An adapter from elsewhere says no more than a name, and a copy of its base may have another:
  /// that is logged.
  ///
  /// @throws NunchiException `INVALID_MODEL` where an adapter was trained on another base
  void require(Path adapter, AdapterBase trainedOn) {
    if (trainedOn.digest().isEmpty() && !trainedOn.name().equals(name)) {
      LOG.warnf(
          "The adapter %s says that it was trained on %s, but the base %s was exported from %s;"
              + " nothing tells whether their weights are the same, and on others its answers are"
              + " wrong",
          adapter, trainedOn.name(), path, name);
    }
    if (trainedOn.digest().isPresent() && !trainedOn.digest().get().equals(digest)) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The adapter %s was trained on other weights than those of the base %s: the digest of its base should be %s, but is %s"
              .formatted(adapter, path, trainedOn.digest().get(), digest));
    }
    if (trainedOn.inNf4() != inNf4) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The adapter %s was trained on a base %s, but %s was exported %s; export its base from it"
              .formatted(adapter, form(trainedOn.inNf4()), path, form(inNf4)));
    }
  }

  private static String form(boolean inNf4) {
    return inNf4 ? "rounded to NF4" : "as it is stored";
  }

  /// @throws NunchiException `INVALID_MODEL` where an adapter's classifier has other layers than
  ///   the base
  void require(Path adapter, Network classifier) {
    if (!shapes(classifier).equals(shapes(network))
        || !classifier.modelType().equals(network.modelType())) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The adapter %s is of a %s network with other layers than the base %s has, which is a %s network"
              .formatted(adapter, classifier.modelType(), path, network.modelType()));
    }
  }

  /// @param updates of the weights of layers
  /// @param saved names of the parameters that the adapter holds in full
  /// @throws NunchiException `UNSUPPORTED_MODEL` where an adapter changes something that the graph
  ///   has no input for, `INVALID_MODEL` where it lacks a layer that is given whole
  void require(Path adapter, Map<String, LowRankUpdate> updates, Set<String> saved) {
    updates.forEach((weight, update) -> {
      String layer = weight.substring(0, weight.lastIndexOf('.'));
      if (update.magnitude() != null) {
        throw notTaken(adapter, "is a DoRA adapter, whose magnitudes depend on the base's weights");
      }
      if (!layers.contains(layer)) {
        throw notTaken(
            adapter,
            "adapts %s, for which the base %s has no inputs, as what it was exported from does not adapt it"
                .formatted(layer, path));
      }
    });
    for (String name : saved) {
      if (!head.contains(name)) {
        throw notTaken(
            adapter,
            "holds %s in full (modules_to_save), for which the base %s has no input"
                .formatted(name, path));
      }
    }
    for (String name : head) {
      if (!saved.contains(name)) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: the adapter holds no tensor %s, which the base %s expects of each of its adapters"
                .formatted(adapter, AdapterDirectory.storedName(name), path));
      }
    }
  }

  private static NunchiException notTaken(Path adapter, String why) {
    return new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "The adapter %s %s; 'nunchi export --model %s --output DIR' merges it into a model of its own"
            .formatted(adapter, why, adapter));
  }

  private static Map<String, List<Integer>> shapes(Network network) {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    network.parameters().stream()
        .filter(parameter -> !network.belongsToLabels(parameter))
        .forEach(parameter -> shapes.put(parameter.name(), parameter.shape()));
    return shapes;
  }

  /// The inputs of the graph that are matrices of low rank, by name.
  public Set<String> matrices() {
    return layers.stream()
        .flatMap(layer -> Stream.of(LowRank.downWeight(layer), LowRank.upWeight(layer)))
        .collect(Collectors.toUnmodifiableSet());
  }

  /// What they take in fp32.
  ///
  /// @param rank of an adapter that adapts all layers
  public long matrixBytes(int rank) {
    Set<String> weights =
        layers.stream().map(layer -> layer + ".weight").collect(Collectors.toUnmodifiableSet());
    long sides =
        network.parameters().stream()
            .filter(parameter -> weights.contains(parameter.name()))
            .flatMap(parameter -> parameter.shape().stream())
            .mapToLong(Integer::longValue)
            .sum();
    return Float.BYTES * rank * sides;
  }

  /// All inputs of the graph by which it takes an adapter.
  public Set<String> inputs() {
    return Stream.concat(matrices().stream(), head.stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  public Path graph() {
    return path.resolve(ModelDirectory.GRAPH);
  }
}
