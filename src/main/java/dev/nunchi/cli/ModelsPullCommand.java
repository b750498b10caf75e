package dev.nunchi.cli;

import dev.nunchi.hub.HubName;
import dev.nunchi.hub.ModelReference;
import dev.nunchi.hub.ModelStore;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `models pull`: brings a model here, or what is new of it.
@Command(
    name = "pull",
    header = "Fetches a model, or what is new of it.",
    description = {
      "",
      "Prints the model's directory. What is here is checked and not fetched again; a connection"
          + " that breaks or a process that is killed costs what was on its way, and the same"
          + " command goes on. A branch changes here when all of its files have come.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi models pull klue/roberta-base",
      "  nunchi models pull klue/roberta-base --revision main --max-workers 2",
    })
final class ModelsPullCommand implements Callable<Integer> {
  /// Files that are fetched at a time where nobody says otherwise.
  static final int WORKERS = 4;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The model, as 'nunchi models --help' explains.")
  private String name = "";

  @Option(
      names = "--revision",
      paramLabel = "REVISION",
      description = "Branch, tag or commit of a model of the hub (default: main).")
  private @Nullable String revision;

  @Option(
      names = "--max-workers",
      paramLabel = "N",
      description = "Files that are fetched at a time (default: 4).")
  private int workers = WORKERS;

  @Override
  public Integer call() {
    if (workers < 1 || workers > 64) {
      throw new ParameterException(
          spec.commandLine(), "--max-workers is from 1 to 64, not " + workers);
    }
    ModelReference reference = reference();
    try (PullProgress progress = PullProgress.of(spec.commandLine().getErr())) {
      Path directory =
          new ModelStore(ModelArgument.settings(spec)).pull(reference, workers, progress);
      spec.commandLine().getOut().println(directory);
    }
    return 0;
  }

  private ModelReference reference() {
    ModelReference given = ModelArgument.reference(spec, name);
    if (revision == null) {
      return given;
    }
    if (given instanceof ModelReference.Hub hub && HubName.parse("a@" + revision).isPresent()) {
      return new ModelReference.Hub(hub.name().at(revision));
    }
    throw new ParameterException(
        spec.commandLine(),
        "--revision is a branch, tag or commit of a model of the hub, not '%s' of %s"
            .formatted(revision, name));
  }
}
