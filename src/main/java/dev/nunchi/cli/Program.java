package dev.nunchi.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/// Commands with the rules that hold for each of them: how arguments are read, what help looks
/// like, what becomes of failures.
///
/// A command writes results to `getOut()` and talk to `getErr()` of its `CommandLine`; it throws
/// what went wrong.
final class Program {
  private final List<CommandGroup> groups;
  private final RootCommand root;
  private final FailureReport failures;
  private final PrintWriter out;
  private final PrintWriter err;

  /// @param environment the process's environment; `NUNCHI_DEBUG=1` in it stands for `--debug`
  Program(
      List<CommandGroup> groups,
      Map<String, String> environment,
      PrintWriter out,
      PrintWriter err) {
    this.groups = List.copyOf(groups);
    this.root = new RootCommand(environment);
    this.failures = new FailureReport(root);
    this.out = out;
    this.err = err;
  }

  /// Runs the command that the arguments name.
  ///
  /// @return the exit code: 0 for success, 1 for failure, 2 for arguments that make no sense
  int run(String... arguments) {
    CommandLine commandLine = new CommandLine(root);
    commandsFor(arguments).forEach(command -> add(commandLine, command));
    commandLine
        .getHelpSectionMap()
        .put(
            UsageMessageSpec.SECTION_KEY_COMMAND_LIST,
            help -> String.join("", groups.stream().map(group -> group.describe(help)).toList()));
    return commandLine
        // "@친구 고마워" is a text, not the name of a file with arguments.
        .setExpandAtFiles(false)
        // "-hello" is a text, not -h with more behind it.
        .setPosixClusteredShortOptionsAllowed(false)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(Path.class, new PathConverter())
        .registerConverter(ModelArgument.class, ModelArgument::of)
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(failures)
        .setExecutionStrategy(this::execute)
        .setOut(out)
        .setErr(err)
        .execute(arguments);
  }

  /// The one command that is named, as each that picocli reads costs a start some milliseconds; all
  /// of them where none is named, or help, which tells of the others. Options before a command take
  /// no value.
  private List<Object> commandsFor(String... arguments) {
    List<Object> all = groups.stream().flatMap(group -> group.commands().stream()).toList();
    return Arrays.stream(arguments)
        .filter(argument -> !argument.startsWith("-"))
        .findFirst()
        .flatMap(name -> all.stream().filter(command -> isNamed(command, name)).findFirst())
        .map(List::of)
        .orElse(all);
  }

  private static boolean isNamed(Object command, String name) {
    Command description = command.getClass().getAnnotation(Command.class);
    return !(command instanceof HelpCommand)
        && description != null
        && description.name().equals(name);
  }

  private static void add(CommandLine commandLine, Object command) {
    CommandLine subcommand = new CommandLine(command);
    complete(subcommand);
    commandLine.addSubcommand(subcommand);
  }

  /// What every command has, and every command inside it.
  private static void complete(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    if (spec.findOption("--help") == null) {
      spec.addOption(
          OptionSpec.builder("-h", "--help")
              .usageHelp(true)
              .description("Show this help and exit.")
              .build());
    }
    spec.usageMessage()
        .synopsisHeading("%nUsage: ")
        .parameterListHeading("%nArguments:%n")
        .optionListHeading("%nOptions:%n")
        .commandListHeading("%nCommands:%n");
    command.getSubcommands().values().forEach(Program::complete);
  }

  private int execute(ParseResult parsed) {
    CommandLine commandLine = parsed.commandSpec().commandLine();
    try {
      int exitCode = new RunLast().execute(parsed);
      commandLine.getOut().flush();
      return exitCode;
    } catch (ParameterException badArguments) {
      throw badArguments;
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause();
      return failures.report(cause == null ? failed : cause, commandLine);
    } catch (Throwable failure) {
      return failures.report(failure, commandLine);
    }
  }
}
