package dev.nunchi.cli;

import dev.nunchi.model.AdapterMerge;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.ExitCleanUp;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.StagedDirectory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `merge`: writes a LoRA adapter and its base as one checkpoint.
@Command(
    name = "merge",
    description = "Writes a LoRA adapter and its base as one checkpoint, in fp32.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi merge --model my-adapter --output my-checkpoint",
      "  nunchi merge --model my-adapter --base models/kcbert --output my-checkpoint",
      "      With the base in a directory that the adapter does not name.",
      "",
      "An adapter need not be merged to be used: classify, evaluate and export take it as it is,"
          + " and",
      "train goes on from it. The base that an adapter of this program was trained on is known by"
          + " its",
      "digest, and another is refused. Where the adapter has a probe, what is written has to answer"
          + " it",
      "as in training, or nothing is."
    })
final class MergeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|NAME",
      description = "Adapter to read: a directory, or a model's name.")
  private ModelArgument model = ModelArgument.NONE;

  @Option(
      names = "--base",
      paramLabel = "DIR|NAME",
      description =
          "The model that it was trained on (default: the one that the adapter names, a directory"
              + " or a model that was pulled).")
  private @Nullable ModelArgument base;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint directory to write.")
  private Path output = Path.of("");

  @Mixin private ReplacingOption replacing = new ReplacingOption();

  @Override
  public Integer call() {
    OutputDirectory.Existing existing = replacing.existing();
    Path source = model.directory(spec);
    OutputDirectory.require(output, existing);
    Runtime.getRuntime().addShutdownHook(new Thread(ExitCleanUp::run, "clean-up"));
    try (CheckpointDirectory adapter = open(source)) {
      OutputDirectory.requireApart(output, adapter.directories());
      write(adapter, existing);
    }
    return 0;
  }

  private void write(CheckpointDirectory adapter, OutputDirectory.Existing existing) {
    PrintWriter err = spec.commandLine().getErr();
    try (OutputDirectory directory = OutputDirectory.open(output, existing);
        StagedDirectory staged = directory.stage()) {
      AdapterMerge.write(adapter, staged.path());
      Checkpoint.requireProbe(staged.path());
      staged.commit().forEach(kept -> err.println("What stood in the way is now " + kept));
      err.printf(
          "%s: %s, merged with %s%n",
          output, adapter.description().name(), adapter.baseDirectory().orElseThrow());
    }
  }

  private CheckpointDirectory open(Path source) {
    return base == null
        ? CheckpointDirectory.open(source, ModelArgument.bases(spec))
        : CheckpointDirectory.open(source, base.directory(spec));
  }
}
