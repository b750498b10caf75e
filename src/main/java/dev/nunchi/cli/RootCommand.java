package dev.nunchi.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// `nunchi` without a command: the help, and the options that every command has.
@Command(
    name = "nunchi",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    header = "Trains and serves Korean sentiment models.",
    synopsisHeading = "%nUsage: ",
    synopsisSubcommandLabel = "COMMAND",
    optionListHeading = "%nOptions:%n",
    commandListHeading = "",
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi serve",
      "      Serve the built-in model over gRPC and REST on port 8080.",
      "  nunchi classify '이 영화 정말 재미있어요'",
      "      Say what a text feels like.",
      "  nunchi train --recipe ngrams --data reviews --output my-model",
      "      Train a model on your own labelled texts, in reviews/train.tsv.",
      "",
      "'nunchi COMMAND --help' says more about a command.",
    })
final class RootCommand implements Callable<Integer> {
  private final boolean debugByDefault;

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "On failure show where in the program it happened, too.")
  private boolean debug;

  /// @param debugByDefault whether to act as though `--debug` were always given
  RootCommand(boolean debugByDefault) {
    this.debugByDefault = debugByDefault;
  }

  boolean debug() {
    return debug || debugByDefault;
  }

  @Override
  public Integer call() {
    CommandLine commandLine = spec.commandLine();
    commandLine.usage(commandLine.getErr());
    return ExitCode.USAGE;
  }
}
