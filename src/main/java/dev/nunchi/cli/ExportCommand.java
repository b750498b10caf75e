package dev.nunchi.cli;

import dev.nunchi.export.ExportOptions;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `export`: writes a checkpoint as an ONNX model directory that `serve` and `classify` open.
@Command(
    name = "export",
    description = "Writes a checkpoint as an ONNX model directory, proved against its probe.",
    footerHeading = "%nExample:%n",
    footer = {
      "  nunchi export --model my-checkpoint --output my-model",
      "",
      "The export is refused, and nothing written, where ONNX Runtime does not give the logits"
          + " that",
      "training recorded. A checkpoint from elsewhere has no such record; libtorch makes one."
    })
final class ExportCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint directory to read.")
  private Path model = Path.of("");

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Model directory to write; an older model there is replaced.")
  private Path output = Path.of("");

  @Option(
      names = "--precision",
      defaultValue = "fp32",
      paramLabel = "PRECISION",
      description = "Number format of the weights: fp32.")
  private Precision precision = Precision.FP32;

  @Override
  public Integer call() {
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(model)) {
      checkpoint.requireComplete();
      @Nullable Probe probe = checkpoint.manifest().map(Manifest::probe).orElse(null);
      if (probe == null) {
        err.println("Recording what the checkpoint answers …");
        probe = Checkpoint.probe(model);
      }
      err.println("Exporting and comparing with the probe …");
      ModelDirectory written =
          new OnnxExporter().export(checkpoint, probe, output, new ExportOptions(precision));
      err.printf("%s: %s, %s%n", output, written.manifest().name(), written.manifest().revision());
    }
    return 0;
  }
}
