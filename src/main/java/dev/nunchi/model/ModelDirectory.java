package dev.nunchi.model;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.Network;
import dev.nunchi.text.TokenLimit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/// A directory with a model as ONNX, verified: the graph, its tokenizer and its manifest.
///
/// One that Optimum made has no `nunchi.json`; its manifest is taken from `config.json` and
/// `tokenizer_config.json`: no normaliser, no probe, temperature 1.
///
/// @param padTokenId the id that pads the shorter texts of a batch
public record ModelDirectory(Path path, Manifest manifest, int padTokenId) {
  /// The graph; its weights may lie beside it in [#WEIGHTS].
  public static final String GRAPH = "model.onnx";

  public static final String WEIGHTS = "model.onnx.data";

  /// Reads the directory and checks its files against their digests.
  ///
  /// @throws NunchiException `INVALID_MODEL` where a file is missing, is not the one that was
  ///   written, or contradicts another; `UNSUPPORTED_MODEL` for a problem type that is not there
  public static ModelDirectory open(Path directory) {
    return open(directory, Digests::verify);
  }

  /// Reads a directory that this process has just written, whose digests were taken on the way.
  ///
  /// @throws NunchiException as [#open]
  public static ModelDirectory openWritten(Path directory) {
    return open(directory, (_, _) -> {});
  }

  private static ModelDirectory open(Path directory, BiConsumer<Path, Manifest> verification) {
    ModelFiles.requireReadable(directory);
    requireGraph(directory);
    TokenizerFiles.require(directory);
    CheckpointConfig config = CheckpointConfig.read(directory);
    Manifest manifest =
        ManifestFile.read(directory)
            .map(stored -> {
              verification.accept(directory, stored);
              Digests.requireProof(
                  directory, stored.proof().files(), stored.proof().revision(), read(directory));
              config.requireAgreement(stored);
              return stored;
            })
            .orElseGet(() -> derived(directory, config));
    config.vocabularySize().ifPresent(size -> TokenLimit.of(directory).requireBelow(size));
    return new ModelDirectory(directory, manifest, config.padTokenId());
  }

  /// The files of a directory, a model's or a base's, that are read where it is served.
  static Set<String> read(Path directory) {
    Set<String> read = new TreeSet<>(GraphFiles.of(directory.resolve(GRAPH)));
    read.add(GRAPH);
    read.addAll(TokenizerFiles.read(directory));
    if (Files.exists(directory.resolve(CheckpointConfig.FILE_NAME))) {
      read.add(CheckpointConfig.FILE_NAME);
    }
    return read;
  }

  private static void requireGraph(Path directory) {
    Path graph = directory.resolve(GRAPH);
    if (Files.isRegularFile(graph)) {
      return;
    }
    String what = graph + " is missing";
    if (AdapterDirectory.holds(directory)) {
      what +=
          ": this is a LoRA adapter, which 'nunchi export --model %s --output DIR' makes a model of, with its base; 'nunchi serve --base' runs it beside others on one base, which 'nunchi export --adapters separate' writes"
              .formatted(directory);
    }
    if (WeightFiles.in(directory).isPresent()) {
      what +=
          ": this is a checkpoint, which 'nunchi export --model %s --output DIR' makes a model of"
              .formatted(directory);
    }
    throw new NunchiException(Reason.INVALID_MODEL, what);
  }

  private static Manifest derived(Path directory, CheckpointConfig config) {
    SortedSet<String> weights = GraphFiles.of(directory.resolve(GRAPH));
    for (String name : weights) {
      if (!Files.isRegularFile(directory.resolve(name))) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s is missing, in which %s has its weights"
                .formatted(directory.resolve(name), directory.resolve(GRAPH)));
      }
    }
    return config
        .description(directory)
        .written(
            Precision.FP32,
            Digests.revision(Digests.of(directory, weights.isEmpty() ? List.of(GRAPH) : weights)),
            Map.of(),
            Map.of());
  }

  /// The family of its network as `config.json` names it, for example `bert`; empty where it does
  /// not.
  public String modelType() {
    return CheckpointConfig.read(path).json().path("model_type").asText();
  }

  /// The network that `config.json` describes.
  ///
  /// @throws NunchiException `UNSUPPORTED_MODEL` as [Network#of]
  public Network network() {
    return CheckpointConfig.read(path).network();
  }

  /// `config.json` of a classifier of other labels that is this one otherwise.
  public String configFor(LabelSet labels, ProblemType problemType) {
    return Json.pretty(CheckpointConfig.read(path).with(labels, problemType).json());
  }

  public Path graph() {
    return path.resolve(GRAPH);
  }

  /// The files beside a graph in which its tensors lie, by their names there; empty where they lie
  /// in the graph itself.
  public static SortedSet<String> filesBeside(Path graph) {
    return GraphFiles.of(graph);
  }

  public Path tokenizer() {
    return path.resolve(TokenizerFiles.TOKENIZER);
  }
}
