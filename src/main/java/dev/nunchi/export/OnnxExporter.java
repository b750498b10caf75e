package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.infer.ProbeCheck;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Digests;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.model.SharedWeights;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TemporaryDirectory;
import dev.nunchi.model.TokenizerFiles;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// From a checkpoint to a model directory that serves: writes graph, weights, tokenizer and
/// manifest aside, replays the probe through ONNX Runtime, and only then moves them into place. A
/// rounded model also has to give the labels of the one in fp32, or about its values.
public final class OnnxExporter {
  private static final String CONFIG = "config.json";
  private static final String CARD = "README.md";

  /// Papers that go along where the checkpoint has them: its card, how it was trained, and how that
  /// went.
  private static final List<String> DOCUMENTS = List.of(CARD, "recipe.yaml", "metrics.jsonl");

  private final Consumer<String> progress;

  /// One that says nothing on the way.
  public OnnxExporter() {
    this(_ -> {});
  }

  /// @param progress gets a line at each step of what takes long: finding the numbers of int8
  public OnnxExporter(Consumer<String> progress) {
    this.progress = progress;
  }

  /// Exports a checkpoint that holds a manifest with a probe, as training writes it.
  ///
  /// @return the directory that was written
  /// @throws NunchiException `INVALID_MODEL` where the checkpoint is incomplete or has no manifest
  ///   or probe, `FAILED_CHECK` where the graph misses the tolerance of its precision, or int8
  ///   changes too many labels or values; then nothing has changed at `output`
  public ModelDirectory export(CheckpointDirectory source, Path output, ExportOptions options) {
    @Nullable Probe probe =
        source.manifest().map(Manifest::proof).map(Manifest.Proof::probe).orElse(null);
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
    source.requireComplete();
    require(source.directories(), output, options.existing());
    Manifest manifest = source.description().withProbe(probe);
    try (OutputDirectory directory = OutputDirectory.open(output, options.existing());
        StagedDirectory staged = directory.stage();
        TextEncoder encoder = encoder(source.tokenizerDirectory(), manifest)) {
      Written graph = writeGraph(source, manifest, encoder, options, staged.path());
      share(graph, staged.path(), output);
      ModelDirectory written = writeRest(source, graph, options.precision(), staged.path());
      progress.accept("Comparing with the probe …");
      requireParity(written, probe);
      staged.commit();
      return new ModelDirectory(output, written.manifest(), written.padTokenId());
    } catch (NunchiException e) {
      throw e.reason() == Reason.FAILED_CHECK
          ? new NunchiException(
              e.reason(),
              "%s was not written: %s; the checkpoint is %s"
                  .formatted(output, e.getMessage(), source.path()),
              e)
          : e;
    } catch (IOException e) {
      throw DurableFiles.notWritten(output, e);
    }
  }

  private void share(Written graph, Path directory, Path output) throws IOException {
    String digest =
        Objects.requireNonNull(graph.digests().get(ModelDirectory.WEIGHTS), ModelDirectory.WEIGHTS);
    SharedWeights.link(directory.resolve(ModelDirectory.WEIGHTS), digest, output)
        .ifPresent(other ->
            progress.accept(
                "%s has the same weights; both share one file on the disk".formatted(other)));
  }

  /// Looks whether a model can be written to a directory, which need not exist; changes nothing.
  ///
  /// @param sources directories that are read, none of which is replaced
  /// @throws NunchiException `INVALID_ARGUMENT` naming what is in the way there
  public static void require(List<Path> sources, Path output, OutputDirectory.Existing existing) {
    OutputDirectory.requireApart(output, sources);
    if (holdsRun(output)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          output
              + " holds checkpoints of a training, whose model is not replaced; give another"
              + " --output");
    }
    OutputDirectory.require(output, existing);
  }

  private static boolean holdsRun(Path output) {
    if (!Files.isDirectory(output)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(output)) {
      return entries.anyMatch(entry -> entry.getFileName().toString().matches("checkpoint-\\d+"));
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, output + " cannot be read", e);
    }
  }

  /// The gate: tokenizer, normaliser and graph answer the probe as the trained network did.
  static void requireParity(ModelDirectory written, Probe probe) {
    Manifest manifest = written.manifest();
    try (OnnxModel model = OnnxModel.open(written, InferenceOptions.CPU);
        TextEncoder encoder = encoder(written.path(), manifest)) {
      new ProbeCheck(encoder, model, manifest.proof().precision(), written.padTokenId()).run(probe);
    }
  }

  static TextEncoder encoder(Path directory, Manifest manifest) {
    return TextEncoder.open(
        directory, Normalizer.of(manifest.text().normalization()), manifest.text().maxLength());
  }

  /// What was written, with what was measured on the way.
  ///
  /// @param digests of the graph and its weights, by the names of their files
  private record Written(Manifest manifest, Map<String, String> digests) {}

  private Written writeGraph(
      CheckpointDirectory source,
      Manifest manifest,
      TextEncoder encoder,
      ExportOptions options,
      Path directory)
      throws IOException {
    return switch (options.precision()) {
      case FP32 -> new Written(manifest, writeGraph(source, new NumberFormat.Float32(), directory));
      case FP16 -> new Written(manifest, writeGraph(source, new NumberFormat.Float16(), directory));
      case BF16 ->
          new Written(manifest, writeGraph(source, new NumberFormat.BFloat16(), directory));
      case INT8_WEIGHT_ONLY ->
          writeRounded(source, manifest, encoder, options, new BlockRounding(8), directory);
      case INT4_WEIGHT_ONLY ->
          writeRounded(source, manifest, encoder, options, new BlockRounding(4), directory);
      case INT8 -> {
        try (Quantization quantization =
            Quantization.of(source, manifest, encoder, options, directory, progress)) {
          Quantization.Found found = quantization.find();
          Map<String, String> digests = writeGraph(source, found.format(), directory);
          List<String> notes = new ArrayList<>();
          quantization.note().ifPresent(notes::add);
          notes.addAll(found.notes());
          if (!found.exact().isEmpty()) {
            ExactLayer.table(found).forEach(progress);
          }
          progress.accept("In int8, %s".formatted(found.agreement().sentence()));
          yield new Written(
              manifest.withOrigin(manifest.origin().with(found.figures(), notes)), digests);
        }
      }
    };
  }

  private Written writeRounded(
      CheckpointDirectory source,
      Manifest manifest,
      TextEncoder encoder,
      ExportOptions options,
      BlockRounding rounding,
      Path directory)
      throws IOException {
    Precision precision = options.precision();
    Map<String, String> digests =
        writeGraph(source, new NumberFormat.WeightOnly(rounding), directory);
    if (options.validation().texts().isEmpty()) {
      String note =
          "%s was not compared with fp32 on labelled texts (--validation)."
              .formatted(Agreement.sentenceName(precision));
      return new Written(
          manifest.withOrigin(manifest.origin().with(Map.of(), List.of(note))), digests);
    }
    Agreement agreement = agreement(source, manifest, encoder, options, directory);
    progress.accept("In %s, %s".formatted(precision, agreement.sentence()));
    agreement.require();
    return new Written(
        manifest.withOrigin(
            manifest.origin().with(agreement.figures(precision), agreement.notes(precision))),
        digests);
  }

  /// Runs one in fp32, which is deleted then, and the one that was written.
  private Agreement agreement(
      CheckpointDirectory source,
      Manifest manifest,
      TextEncoder encoder,
      ExportOptions options,
      Path directory)
      throws IOException {
    List<Encoding> encodings =
        options.validation().texts().stream()
            .map(text -> encoder.encode(text, Truncation.KEEP_HEAD_AND_TAIL))
            .toList();
    int padTokenId = source.network().padTokenId();
    List<float[]> exact;
    try (TemporaryDirectory work = TemporaryDirectory.in(directory, "fp32-")) {
      progress.accept("Comparing with fp32 on %d texts …".formatted(encodings.size()));
      writeGraph(source, new NumberFormat.Float32(), work.path());
      exact = Quantization.logits(new ModelDirectory(work.path(), manifest, padTokenId), encodings);
    }
    return Gate.of(manifest.task(), options.validation(), options.acceptedAgreement())
        .agreement(
            IntStream.range(0, encodings.size()).boxed().toList(),
            exact,
            Quantization.logits(new ModelDirectory(directory, manifest, padTokenId), encodings));
  }

  /// What the export found out beside what the checkpoint knew of itself.
  public static List<String> newNotes(CheckpointDirectory source, Manifest written) {
    List<String> known = source.description().origin().notes();
    return written.origin().notes().stream().filter(note -> !known.contains(note)).toList();
  }

  private static void addToCard(Path card, Precision precision, List<String> notes)
      throws IOException {
    if (!notes.isEmpty()) {
      Files.writeString(
          card,
          notes.stream()
              .collect(
                  Collectors.joining(
                      "\n- ", "\nBefore you trust it in %s:\n\n- ".formatted(precision), "\n")),
          StandardOpenOption.APPEND);
    }
  }

  private static Map<String, String> writeGraph(
      CheckpointDirectory source, NumberFormat format, Path directory) throws IOException {
    return OnnxOps.graph(source.network(), source.weights(), format)
        .write(directory.resolve(ModelDirectory.GRAPH), directory.resolve(ModelDirectory.WEIGHTS));
  }

  /// Writes what stands beside the graph.
  private static ModelDirectory writeRest(
      CheckpointDirectory source, Written graph, Precision precision, Path directory)
      throws IOException {
    Manifest manifest = graph.manifest();
    List<String> files =
        new ArrayList<>(TokenizerFiles.copy(source.tokenizerDirectory(), directory));
    if (Files.exists(source.path().resolve(CONFIG))) {
      DurableFiles.copy(source.path().resolve(CONFIG), directory.resolve(CONFIG));
    } else {
      // An adapter from elsewhere has none.
      Files.writeString(directory.resolve(CONFIG), source.config().toPrettyString() + "\n");
    }
    files.add(CONFIG);
    List<String> documents =
        DOCUMENTS.stream()
            .filter(name -> Files.isRegularFile(source.path().resolve(name)))
            .toList();
    for (String document : documents) {
      DurableFiles.copy(source.path().resolve(document), directory.resolve(document));
    }
    if (documents.contains(CARD)) {
      addToCard(directory.resolve(CARD), precision, newNotes(source, manifest));
    }
    Map<String, String> digests = new TreeMap<>(Digests.of(directory, files));
    digests.putAll(graph.digests());
    ManifestFile.write(
        directory,
        manifest.written(
            precision, Digests.revision(digests), digests, Digests.of(directory, documents)));
    return ModelDirectory.openWritten(directory);
  }
}
