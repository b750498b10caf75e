package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A classifier that is to be written as a Hugging Face directory; transformers opens it.
///
/// @param config the `config.json` that it came from; its other keys are kept
/// @param weights a tensor for each parameter of the network, by name, all of one type; of an
///   adapter for each that is trained
/// @param tokenizerDirectory where the tokenizer's files are copied from
/// @param manifest becomes `nunchi.json`, its revision and digests filled in
/// @param documents text files to write beside, by name, for example `README.md`
/// @param adapter the adapter that the weights are, written as PEFT's directory; null for a whole
///   model
/// @param progress what a run needs to go on from here, null for a finished model
public record CheckpointContents(
    ObjectNode config,
    LabelSet labels,
    ProblemType problemType,
    Map<String, Weight> weights,
    Path tokenizerDirectory,
    Manifest manifest,
    Map<String, String> documents,
    @Nullable Adapter adapter,
    @Nullable TrainerState progress) {
  /// What makes an adapter of trained weights.
  public record Adapter(Lora lora, AdapterBase base) {
    /// On the base in NF4.
    public Adapter onNf4() {
      return new Adapter(lora, base.inNf4(true));
    }
  }

  /// A whole model.
  public CheckpointContents(
      ObjectNode config,
      LabelSet labels,
      ProblemType problemType,
      Map<String, Weight> weights,
      Path tokenizerDirectory,
      Manifest manifest,
      Map<String, String> documents,
      @Nullable TrainerState progress) {
    this(
        config,
        labels,
        problemType,
        weights,
        tokenizerDirectory,
        manifest,
        documents,
        null,
        progress);
  }

  /// Writes the files into a directory that holds none, as that of a [StagedDirectory]; it is made
  /// where it does not exist.
  ///
  /// @throws NunchiException `IO_FAILURE` where they cannot be written
  /// @throws IllegalArgumentException where weights are missing or of another shape; then nothing
  ///   has been written
  public void write(Path directory) {
    CheckpointConfig configuration =
        new CheckpointConfig(directory.resolve(CheckpointConfig.FILE_NAME), config)
            .with(labels, problemType);
    Network whole = configuration.network();
    Network network = adapter == null ? whole : whole.adapted(adapter.lora());
    requireWeightsOf(network);
    try {
      Files.createDirectories(directory);
      List<String> files = new ArrayList<>(TokenizerFiles.copy(tokenizerDirectory, directory));
      String configName =
          adapter == null ? CheckpointConfig.FILE_NAME : AdapterDirectory.CLASSIFIER_CONFIG;
      Files.writeString(
          directory.resolve(configName),
          Json.pretty(configuration.written(network, elementType())));
      files.add(configName);
      if (adapter != null) {
        Files.writeString(
            directory.resolve(AdapterConfig.FILE_NAME),
            Json.pretty(AdapterConfig.written(adapter.lora(), network, adapter.base())));
        files.add(AdapterConfig.FILE_NAME);
      }
      Map<String, String> digests = new TreeMap<>(Digests.of(directory, files));
      String revision = writeWeights(directory, digests);
      for (Map.Entry<String, String> document : documents.entrySet()) {
        Files.writeString(directory.resolve(document.getKey()), document.getValue());
      }
      if (progress != null) {
        digests.putAll(progress.write(directory));
      }
      ManifestFile.write(
          directory,
          manifest.written(
              Precision.FP32, revision, digests, Digests.of(directory, documents.keySet())));
    } catch (IOException e) {
      throw DurableFiles.notWritten(directory, e);
    }
  }

  /// Writes the weights, and adds their digest.
  ///
  /// @return the model's revision
  private String writeWeights(Path directory, Map<String, String> digests) throws IOException {
    String name = adapter == null ? CheckpointWeights.SINGLE : AdapterDirectory.WEIGHTS;
    Map<String, Weight> stored = new LinkedHashMap<>();
    weights.forEach((parameter, weight) ->
        stored.put(adapter == null ? parameter : AdapterDirectory.storedName(parameter), weight));
    String digest = SafetensorsWriter.write(directory.resolve(name), stored);
    digests.put(name, digest);
    Map<String, String> deciding = new TreeMap<>(Map.of(name, digest));
    if (adapter != null) {
      adapter.base().provenance().forEach(deciding::put);
      deciding.put(
          AdapterConfig.FILE_NAME, Digests.sha256(directory.resolve(AdapterConfig.FILE_NAME)));
    }
    return Digests.revision(deciding);
  }

  private ElementType elementType() {
    return weights.values().iterator().next().type();
  }

  private void requireWeightsOf(Network network) {
    for (Parameter parameter : network.parameters()) {
      if (!network.trains(parameter)) {
        continue;
      }
      @Nullable Weight weight = weights.get(parameter.name());
      if (weight == null || !weight.shape().equals(parameter.shape())) {
        throw new IllegalArgumentException(
            "%s should have the shape %s, but is %s"
                .formatted(
                    parameter.name(),
                    parameter.shape(),
                    weight == null ? "missing" : weight.shape()));
      }
    }
  }
}
