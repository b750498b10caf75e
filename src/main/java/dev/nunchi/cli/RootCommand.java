package dev.nunchi.cli;

import dev.nunchi.hub.HubSettings;
import java.util.Map;
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
      "      Serve the built-in models over gRPC and REST on port 8080.",
      "  nunchi classify '이 영화 정말 재미있어요'",
      "      Say what a text feels like.",
      "  nunchi train --recipe ngrams --data reviews --output my-model",
      "      Train a model on your own labelled texts, in reviews/train.tsv.",
      "",
      "'nunchi COMMAND --help' says more about a command.",
    })
final class RootCommand implements Callable<Integer> {
  private final boolean debugByDefault;
  private final Map<String, String> environment;

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "On failure show where in the program it happened, too.")
  private boolean debug;

  @Option(
      names = "--offline",
      scope = ScopeType.INHERIT,
      description = "Fetch nothing: a model that is named and not here yet is refused.")
  private boolean offline;

  /// @param environment the process's environment; `NUNCHI_DEBUG=1` in it stands for `--debug`
  RootCommand(Map<String, String> environment) {
    this.environment = environment;
    this.debugByDefault = "1".equals(environment.get("NUNCHI_DEBUG"));
  }

  /// Where models come from and are kept.
  HubSettings hubSettings() {
    HubSettings settings = HubSettings.of(environment);
    return offline ? settings.withoutNetwork() : settings;
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
