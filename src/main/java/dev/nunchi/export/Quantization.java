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
import dev.nunchi.model.TemporaryDirectory;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/// What int8 takes beside the checkpoint: the ranges of the layers' inputs, and afterwards the
/// comparison with fp32. Both come from a graph in fp32 in a temporary directory.
final class Quantization implements AutoCloseable {
  private static final int BATCH_SIZE = 16;

  /// With fewer the ranges are those of these texts, not of the language.
  private static final int FEW_CALIBRATION_TEXTS = 100;

  private final Path source;
  private final TemporaryDirectory work;
  private final ModelDirectory exact;
  private final Map<String, String> outputs;
  private final TextEncoder encoder;
  private final ExportOptions options;

  private Quantization(
      Path source,
      TemporaryDirectory work,
      ModelDirectory exact,
      Map<String, String> outputs,
      TextEncoder encoder,
      ExportOptions options) {
    this.source = source;
    this.work = work;
    this.exact = exact;
    this.outputs = outputs;
    this.encoder = encoder;
    this.options = options;
  }

  /// @param encoder of the checkpoint
  /// @param manifest of the checkpoint
  static Quantization of(
      CheckpointDirectory source, Manifest manifest, TextEncoder encoder, ExportOptions options)
      throws IOException {
    TemporaryDirectory work = TemporaryDirectory.create();
    try {
      ModelDirectory exact =
          new ModelDirectory(work.path(), manifest, source.network().padTokenId());
      OnnxOps.ObservedGraph observed = OnnxOps.observed(source.network(), source.weights());
      observed.graph().write(exact.graph(), work.path().resolve(ModelDirectory.WEIGHTS));
      return new Quantization(source.path(), work, exact, observed.outputs(), encoder, options);
    } catch (IOException | RuntimeException e) {
      work.close();
      throw e;
    }
  }

  /// The rounding that the calibration texts ask for.
  NumberFormat.Int8 format() {
    if (outputs.isEmpty()) {
      // Tables alone, whose numbers are known.
      return new NumberFormat.Int8(Map.of());
    }
    List<Encoding> encodings = options.calibration().stream().map(this::encode).toList();
    return new NumberFormat.Int8(
        Calibration.ranges(exact.graph(), outputs, encodings, exact.padTokenId(), source));
  }

  /// Says so where the texts are too few for the ranges to fit others.
  Optional<String> note() {
    long different = options.calibration().stream().distinct().count();
    return outputs.isEmpty() || different >= FEW_CALIBRATION_TEXTS
        ? Optional.empty()
        : Optional.of(
            "The ranges of int8 were found on %d different texts; %d or more, as those that are to"
                    .formatted(different, FEW_CALIBRATION_TEXTS)
                + " come, would keep others from being cut off.");
  }

  /// How the rounded graph in a directory stands beside fp32 on the validation texts.
  ///
  /// @throws NunchiException `FAILED_CHECK` where it changes too many labels
  Agreement compared(Path directory) {
    List<Encoding> encodings =
        options.validation().stream().map(one -> encode(one.text())).toList();
    Manifest manifest = exact.manifest();
    Agreement agreement =
        Agreement.of(
            manifest.task().labels(),
            manifest.task().problemType(),
            options.validation(),
            logits(exact, encodings),
            logits(new ModelDirectory(directory, manifest, exact.padTokenId()), encodings));
    agreement.require();
    return agreement;
  }

  private static List<float[]> logits(ModelDirectory directory, List<Encoding> encodings) {
    Executor workers = LoadOptions.DEFAULT.workers().on(InferenceOptions.Device.CPU);
    try (OnnxModel model = OnnxModel.open(directory, InferenceOptions.CPU)) {
      return new BulkRun(model, directory.padTokenId(), workers, BATCH_SIZE)
          .run(encodings).stream().map(Run::logits).toList();
    }
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
