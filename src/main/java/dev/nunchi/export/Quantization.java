package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.BulkRun;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.infer.Run;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.TemporaryDirectory;
import dev.nunchi.nn.Linear;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/// Finds the numbers of an int8 model: how each linear layer is rounded, and which ones stay in
/// fp32 so that the model gives the labels, or about the values, that it gave before. Graphs that
/// are tried stand beside the output, with one in fp32.
final class Quantization implements AutoCloseable {
  private static final int BATCH_SIZE = 16;

  /// With fewer the ranges are those of these texts, not of the language.
  private static final int FEW_CALIBRATION_TEXTS = 100;

  private final CheckpointDirectory source;
  private final TemporaryDirectory work;
  private final ModelDirectory exact;
  private final List<OnnxOps.LinearUse> uses;
  private final TextEncoder encoder;
  private final ExportOptions options;
  private final Consumer<String> progress;

  /// What was found.
  ///
  /// @param format the numbers of the graph
  /// @param agreement how that graph stands beside fp32 on the texts that judged
  /// @param exact the layers that stay in fp32
  /// @param split what texts these were chosen and judged on
  /// @param asked how often these judged a model until one held
  record Found(
      NumberFormat.Int8 format,
      Agreement agreement,
      List<ExactLayer> exact,
      ValidationSplit split,
      int asked) {
    /// As a manifest's `quality` has them.
    Map<String, Double> figures() {
      Map<String, Double> figures = new TreeMap<>(agreement.figures(Precision.INT8));
      if (split.isDivided()) {
        figures.put("validation_layer_search_count", (double) split.search().size());
      }
      return figures;
    }

    List<String> notes() {
      List<String> notes = new ArrayList<>(agreement.notes(Precision.INT8));
      if (!exact.isEmpty()) {
        notes.add(ExactLayer.note(this));
      }
      return notes;
    }
  }

  private Quantization(
      CheckpointDirectory source,
      TemporaryDirectory work,
      ModelDirectory exact,
      List<OnnxOps.LinearUse> uses,
      TextEncoder encoder,
      ExportOptions options,
      Consumer<String> progress) {
    this.source = source;
    this.work = work;
    this.exact = exact;
    this.uses = uses;
    this.encoder = encoder;
    this.options = options;
    this.progress = progress;
  }

  /// @param encoder of the checkpoint
  /// @param manifest of the checkpoint
  /// @param directory that graphs are tried in
  /// @param progress gets a sentence at each step
  static Quantization of(
      CheckpointDirectory source,
      Manifest manifest,
      TextEncoder encoder,
      ExportOptions options,
      Path directory,
      Consumer<String> progress)
      throws IOException {
    TemporaryDirectory work = TemporaryDirectory.in(directory, "int8-");
    try {
      ModelDirectory exact =
          new ModelDirectory(work.path(), manifest, source.network().padTokenId());
      OnnxOps.ObservedGraph observed = OnnxOps.observed(source.network(), source.weights());
      observed.graph().write(exact.graph(), work.path().resolve(ModelDirectory.WEIGHTS));
      return new Quantization(source, work, exact, observed.uses(), encoder, options, progress);
    } catch (IOException | RuntimeException e) {
      work.close();
      throw e;
    }
  }

  /// @throws NunchiException `FAILED_CHECK` where too much changes, also with as many layers in
  ///   fp32 as leave anything of int8
  Found find() throws IOException {
    List<Encoding> calibration = encoded(options.calibration());
    Map<String, RoundedLayer> rounded = rounded(calibration);
    ExactLayerSearch search =
        new ExactLayerSearch(
            new ExactLayerSearch.Texts(
                calibration,
                encoded(options.validation().texts()),
                ValidationSplit.of(options.validation().texts())),
            uses.stream().map(OnnxOps.LinearUse::layer).toList(),
            new ExactLayerSearch.Models() {
              @Override
              public List<float[]> exact(List<Encoding> encodings) {
                return logits(exact, encodings);
              }

              @Override
              public List<float[]> rounded(
                  Map<String, RoundedLayer> layers, List<Encoding> encodings) throws IOException {
                return trial(layers, directory -> logits(directory, encodings));
              }
            },
            Gate.of(exact.manifest().task(), options.validation(), options.acceptedAgreement()),
            progress);
    Found found = search.find(rounded);
    if (!uses.isEmpty()) {
      progress.accept(speed(found.format()));
    }
    return found;
  }

  /// How the calibration texts ask for each layer to be rounded; none where the network is of
  /// tables alone, whose numbers are known.
  private Map<String, RoundedLayer> rounded(List<Encoding> calibration) {
    if (uses.isEmpty()) {
      return Map.of();
    }
    Map<String, InputSample> samples =
        InputSamples.of(exact.graph(), uses, calibration, exact.padTokenId(), source.path());
    Map<String, List<Linear>> sharing = new LinkedHashMap<>();
    uses.forEach(
        use -> sharing.computeIfAbsent(use.output(), _ -> new ArrayList<>()).add(use.layer()));
    progress.accept("Rounding %d linear layers …".formatted(uses.size()));
    Map<String, RoundedLayer> rounded = new LinkedHashMap<>();
    sharing.entrySet().parallelStream()
        .map(group ->
            RoundingSearch.best(
                sample(samples, group.getKey()), group.getValue(), source.weights()))
        .toList()
        .forEach(rounded::putAll);
    return rounded;
  }

  private static InputSample sample(Map<String, InputSample> samples, String output) {
    return Objects.requireNonNull(samples.get(output), output);
  }

  private interface Use<T> {
    T of(ModelDirectory directory);
  }

  /// Writes a graph with these layers rounded, and deletes it after its use.
  private <T> T trial(Map<String, RoundedLayer> layers, Use<T> use) throws IOException {
    Path directory = Files.createDirectory(work.path().resolve("trial"));
    ModelDirectory model = new ModelDirectory(directory, exact.manifest(), exact.padTokenId());
    Path weights = directory.resolve(ModelDirectory.WEIGHTS);
    try {
      OnnxOps.graph(source.network(), source.weights(), new NumberFormat.Int8(layers))
          .write(model.graph(), weights);
      return use.of(model);
    } finally {
      Files.deleteIfExists(model.graph());
      Files.deleteIfExists(weights);
      Files.delete(directory);
    }
  }

  /// Says so where the texts are too few for the ranges to fit others.
  Optional<String> note() {
    long different = options.calibration().stream().distinct().count();
    return uses.isEmpty() || different >= FEW_CALIBRATION_TEXTS
        ? Optional.empty()
        : Optional.of(
            "The ranges of int8 were found on %d different texts; %d or more, as those that are to"
                    .formatted(different, FEW_CALIBRATION_TEXTS)
                + " come, would keep others from being cut off.");
  }

  private String speed(NumberFormat.Int8 format) throws IOException {
    List<String> texts = options.validation().texts();
    List<Encoding> encodings = encoded(texts.subList(0, Math.min(32, texts.size())));
    return trial(
        format.layers(), directory -> SpeedComparison.of(exact, directory, encodings).sentence());
  }

  static List<float[]> logits(ModelDirectory directory, List<Encoding> encodings) {
    Executor workers = LoadOptions.DEFAULT.workers().on(InferenceOptions.Device.CPU).executor();
    try (OnnxModel model = OnnxModel.open(directory, InferenceOptions.CPU)) {
      return new BulkRun(model, directory.padTokenId(), workers, BATCH_SIZE)
          .run(encodings).stream().map(Run::logits).toList();
    }
  }

  private List<Encoding> encoded(List<String> texts) {
    return texts.stream().map(this::encode).toList();
  }

  private Encoding encode(String text) {
    return encoder.encode(text, Truncation.KEEP_HEAD_AND_TAIL);
  }

  /// Deletes the graph in fp32.
  @Override
  public void close() {
    work.close();
  }
}
