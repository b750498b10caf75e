package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A classifier that is to be written as a Hugging Face directory; transformers opens it.
///
/// @param config the `config.json` that it came from; its other keys are kept
/// @param weights a tensor for each parameter of the network, by name, all of one type
/// @param tokenizerDirectory where the tokenizer's files are copied from
/// @param manifest becomes `nunchi.json`, its revision and digests filled in; null for none
/// @param documents text files to write beside, by name, for example `README.md`
/// @param progress what a run needs to go on from here, null for a finished model
public record CheckpointContents(
    ObjectNode config,
    LabelSet labels,
    ProblemType problemType,
    Map<String, Weight> weights,
    Path tokenizerDirectory,
    @Nullable Manifest manifest,
    Map<String, String> documents,
    @Nullable TrainerState progress) {

  /// Writes the directory beside `destination` and moves it there; see [StagedDirectory].
  ///
  /// @throws NunchiException `IO_FAILURE` where it cannot be written; then nothing has changed
  /// @throws IllegalArgumentException where weights are missing or of another shape
  public void write(Path destination) {
    CheckpointConfig configuration =
        new CheckpointConfig(destination.resolve(CheckpointConfig.FILE_NAME), config)
            .with(labels, problemType);
    Network network = configuration.network();
    requireWeightsOf(network);
    try (StagedDirectory staged = StagedDirectory.beside(destination)) {
      Path directory = staged.path();
      List<String> files = new ArrayList<>(TokenizerFiles.copy(tokenizerDirectory, directory));
      Files.writeString(
          directory.resolve(CheckpointConfig.FILE_NAME),
          Json.pretty(configuration.written(network, elementType())));
      SafetensorsWriter.write(directory.resolve(CheckpointWeights.SINGLE), weights);
      files.add(CheckpointConfig.FILE_NAME);
      files.add(CheckpointWeights.SINGLE);
      for (Map.Entry<String, String> document : documents.entrySet()) {
        Files.writeString(directory.resolve(document.getKey()), document.getValue());
      }
      if (progress != null) {
        files.addAll(progress.write(directory));
      }
      if (manifest != null) {
        ManifestFile.write(
            directory,
            manifest.written(
                Precision.FP32,
                Digests.revision(directory, List.of(CheckpointWeights.SINGLE)),
                Digests.of(directory, files),
                Digests.of(directory, documents.keySet())));
      }
      staged.commit();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, destination + " cannot be written", e);
    }
  }

  private ElementType elementType() {
    return weights.values().iterator().next().type();
  }

  private void requireWeightsOf(Network network) {
    for (Parameter parameter : network.parameters()) {
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
