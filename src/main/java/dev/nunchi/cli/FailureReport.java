package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.text.ShownText;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// What a user sees of a failure: one sentence on standard error, and the exit code.
///
/// | failure | sentence | exit code |
/// | --- | --- | --- |
/// | the command line is not understood | picocli's, likely meanings, and where help is | 2 |
/// | [NunchiException] | its message | 1 |
/// | the reader of standard output left | none | 1 |
/// | libtorch found no memory | for how much, and what needs less | 1 |
/// | anything else | what kind, and how to see more | 1 |
///
/// The stack trace follows where `--debug` was given.
final class FailureReport implements IParameterExceptionHandler {
  private final RootCommand root;

  FailureReport(RootCommand root) {
    this.root = root;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine commandLine = failure.getCommandLine();
    PrintWriter err = commandLine.getErr();
    String text = LeadingDash.text(failure);
    err.println(
        "nunchi: "
            + ShownText.sentence(misunderstanding(failure))
            + (text == null ? "" : LeadingDash.hint(failure, text)));
    if (text == null) {
      UnmatchedArgumentException.printSuggestions(failure, err);
    }
    err.printf("Try '%s --help'.%n", commandLine.getCommandSpec().qualifiedName());
    printStackTrace(failure, err);
    return ExitCode.USAGE;
  }

  /// Says what went wrong.
  ///
  /// @return the exit code
  int report(Throwable failure, CommandLine commandLine) {
    PrintWriter err = commandLine.getErr();
    if (!(failure instanceof StandardOutput.Closed closed && closed.byReader())) {
      err.println("nunchi: " + ShownText.sentence(sentence(failure)));
    }
    printStackTrace(failure, err);
    return ExitCode.SOFTWARE;
  }

  private void printStackTrace(Throwable failure, PrintWriter err) {
    if (root.debug()) {
      failure.printStackTrace(err);
    }
  }

  private static String misunderstanding(ParameterException failure) {
    boolean atRoot = failure.getCommandLine().getParent() == null;
    return atRoot
            && failure instanceof UnmatchedArgumentException argument
            && !argument.isUnknownOption()
        ? "'%s' is not a command".formatted(argument.getUnmatched().getFirst())
        : String.valueOf(failure.getMessage());
  }

  private static String sentence(Throwable failure) {
    return switch (failure) {
      case NunchiException refused -> String.valueOf(refused.getMessage());
      case UncheckedIOException unchecked when unchecked.getCause() != null ->
          sentence(unchecked.getCause());
      case StandardOutput.Closed closed ->
          "Standard output could not be written: " + closed.getMessage();
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case FileAlreadyExistsException existing -> existing.getFile() + " exists already";
      case AccessDeniedException denied -> denied.getFile() + " may not be read or written";
      case NoClassDefFoundError missing when isTraining(missing) ->
          "This needs the training libraries, which the launcher nunchi puts on the class path";
      case RuntimeException torch when LibtorchMemory.isOut(torch) ->
          LibtorchMemory.sentence(torch);
      case OutOfMemoryError _ ->
          "Memory ran out; NUNCHI_JAVA_OPTS=-Xmx8g, for example, lets the program have 8 GiB";
      default ->
          "Unexpected failure, %s; the option --debug shows where it happened"
              .formatted(firstLine(failure));
    };
  }

  private static boolean isTraining(NoClassDefFoundError missing) {
    String message = missing.getMessage();
    return message != null && message.contains("org/bytedeco/");
  }

  private static String firstLine(Throwable failure) {
    return failure.toString().lines().findFirst().orElse(failure.getClass().getName());
  }
}
