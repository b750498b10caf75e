package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.infer.ProbeCheck;
import dev.nunchi.infer.TextEncoding;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Digests;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TokenizerFiles;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// From a checkpoint to a model directory that serves: writes graph, weights, tokenizer and
/// manifest beside the output, replays the probe through ONNX Runtime, and only then moves the
/// directory into place.
public final class OnnxExporter {
  private static final String CONFIG = "config.json";

  /// Papers that go along where the checkpoint has them: its card and how it was trained.
  private static final List<String> DOCUMENTS = List.of("README.md", "recipe.yaml");

  /// Exports a checkpoint that holds a manifest with a probe, as training writes it.
  ///
  /// @return the directory that was written
  /// @throws NunchiException `INVALID_MODEL` where the checkpoint is incomplete or has no manifest
  ///   or probe, `UNSUPPORTED_MODEL` for a precision that is not implemented, `FAILED_CHECK` where
  ///   the graph misses the tolerance; then nothing has changed at `output`
  public ModelDirectory export(CheckpointDirectory source, Path output, ExportOptions options) {
    @Nullable Probe probe = source.manifest().map(Manifest::probe).orElse(null);
    if (probe == null) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s has no probe in %s to prove the export with"
              .formatted(source.path(), Manifest.FILE_NAME));
    }
    return export(source, probe, output, options);
  }

  /// Exports a checkpoint, also one that was published elsewhere, with a probe of the caller's: the
  /// logits that the network gives in the interpreter that it was trained in.
  ///
  /// @throws NunchiException as [#export(CheckpointDirectory, Path, ExportOptions)]
  public ModelDirectory export(
      CheckpointDirectory source, Probe probe, Path output, ExportOptions options) {
    requireImplemented(options.precision());
    source.requireComplete();
    source.tokenizer();
    requireElsewhere(source.path(), output);
    try (StagedDirectory staged = StagedDirectory.beside(output)) {
      write(source, source.description().withProbe(probe), staged.path());
      ModelDirectory written = ModelDirectory.open(staged.path());
      requireParity(written, probe, output);
      staged.commit();
      return new ModelDirectory(output, written.manifest(), written.padTokenId());
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, output + " cannot be written", e);
    }
  }

  /// The output replaces what is there, which must not be the source itself.
  private static void requireElsewhere(Path source, Path output) {
    try {
      if (Files.exists(output) && Files.isSameFile(source, output)) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT,
            output + " holds the checkpoint; export it to another directory");
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, output + " cannot be read", e);
    }
  }

  /// The gate: tokenizer, normaliser and graph answer the probe as the trained network did.
  private static void requireParity(ModelDirectory written, Probe probe, Path output) {
    Manifest manifest = written.manifest();
    try (OnnxModel model = OnnxModel.open(written, InferenceOptions.CPU);
        TextEncoder encoder =
            TextEncoder.open(
                written.path(), Normalizer.of(manifest.normalization()), manifest.maxLength())) {
      new ProbeCheck(new TextEncoding(encoder), model, manifest.precision(), written.padTokenId())
          .run(probe);
    } catch (NunchiException e) {
      throw new NunchiException(
          e.reason(), "%s was not written: %s".formatted(output, e.getMessage()), e);
    }
  }

  private static void requireImplemented(Precision precision) {
    switch (precision) {
      case FP32 -> {}
      case FP16, INT8 ->
          throw new NunchiException(
              Reason.UNSUPPORTED_MODEL,
              "Export in %s is not supported yet; fp32 is".formatted(precision.manifestName()));
    }
  }

  private static void write(CheckpointDirectory source, Manifest manifest, Path directory)
      throws IOException {
    OnnxOps.graph(source.network(), source.weights())
        .write(directory.resolve(ModelDirectory.GRAPH), directory.resolve(ModelDirectory.WEIGHTS));
    List<String> files = new ArrayList<>(TokenizerFiles.copy(source.path(), directory));
    Files.copy(source.path().resolve(CONFIG), directory.resolve(CONFIG));
    files.addAll(List.of(CONFIG, ModelDirectory.GRAPH, ModelDirectory.WEIGHTS));
    for (String document : DOCUMENTS) {
      if (Files.exists(source.path().resolve(document))) {
        Files.copy(source.path().resolve(document), directory.resolve(document));
      }
    }
    ManifestFile.write(
        directory,
        manifest.written(
            Precision.FP32,
            Digests.revision(directory, List.of(ModelDirectory.WEIGHTS)),
            Digests.of(directory, files)));
  }
}
