package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

class ProgramTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void run_commandThatSucceeds_exitsWith0AndTalksOnTheRightStreams() {
    assertEquals(0, run("speak", "좋아요", "싫어요"));
    assertEquals("[좋아요, 싫어요] false\n", out());
    assertEquals("spoken\n", err());
  }

  @Test
  void run_commandThatReturnsACode_exitsWithIt() {
    assertEquals(1, act(() -> 1, Map.of(), "act"));
    assertEquals("", out() + err());
  }

  @Test
  void run_textThatBeginsWithAt_isNotAFileOfArguments() {
    assertEquals(0, run("speak", "@친구 고마워"));
    assertEquals("[@친구 고마워] false\n", out());
  }

  @Test
  void run_nunchiException_saysItsSentenceAndExitsWith1() {
    assertEquals(
        1, fail(new NunchiException(Reason.INVALID_DATA, "train.tsv has no column label.")));
    assertEquals("nunchi: train.tsv has no column label.\n", err());
    assertEquals("", out());
  }

  @Test
  void run_messageWithWhatAFileBrought_isOneLineThatATerminalCanShow() {
    assertEquals(
        1, fail(new NunchiException(Reason.INVALID_DATA, "label is '\u001b[31m\0\ud83d\n긍정 👍'")));
    assertEquals("nunchi: label is '\\u001B[31m\\u0000\\uD83D 긍정 👍'\n", err());
  }

  @Test
  void run_messageWithoutEnd_keepsItsBeginningAndItsEnd() {
    String value = "7".repeat(100_000);
    assertEquals(
        1,
        fail(
            new NunchiException(Reason.INVALID_DATA, "size is " + value + ", not a whole number")));
    assertTrue(err().startsWith("nunchi: size is 777"), err());
    assertTrue(err().endsWith("777, not a whole number\n"), err());
    assertTrue(err().length() < 1100, err());
  }

  @Test
  void run_unexpectedException_saysItsFirstLineAndHowToSeeMore() {
    assertEquals(1, fail(new IllegalStateException("first line\nC++ backtrace")));
    assertEquals(
        "nunchi: Unexpected failure, java.lang.IllegalStateException: first line; the option"
            + " --debug shows where it happened\n",
        err());
  }

  @Test
  void run_failureWithDebug_showsTheStackTraceToo() {
    assertEquals(1, act(() -> raise(new IllegalStateException("x")), Map.of(), "act", "--debug"));
    assertTrue(err().contains("\tat dev.nunchi.cli.ProgramTest"), err());
  }

  @Test
  void run_failureWithDebugBeforeTheCommand_showsTheStackTraceToo() {
    assertEquals(1, act(() -> raise(new IllegalStateException("x")), Map.of(), "--debug", "act"));
    assertTrue(err().contains("\tat dev.nunchi.cli.ProgramTest"), err());
  }

  @Test
  void run_failureWithDebugInTheEnvironment_showsTheStackTraceToo() {
    NunchiException failure = new NunchiException(Reason.IO_FAILURE, "x");
    assertEquals(1, act(() -> raise(failure), Map.of("NUNCHI_DEBUG", "1"), "act"));
    assertTrue(err().contains("\tat dev.nunchi.cli.ProgramTest"), err());
  }

  @Test
  void run_error_isReportedAsExceptionsAre() {
    assertEquals(1, fail(new OutOfMemoryError("Java heap space")));
    assertEquals(
        "nunchi: Memory ran out; NUNCHI_JAVA_OPTS=-Xmx8g, for example, lets the program have 8"
            + " GiB\n",
        err());
  }

  @Test
  void run_libtorchWithoutMemory_saysHowMuchAndWhatNeedsLess() {
    assertEquals(
        1,
        fail(
            new RuntimeException(
                "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate"
                    + " memory: you tried to allocate 17179869184 bytes. Error code 12")));
    assertTrue(
        err().startsWith("nunchi: Memory ran out: there are no further 17179869184 bytes; "),
        err());
  }

  @Test
  void run_libtorchWithoutMemoryOfTheGpu_saysHowMuchAndWhatNeedsLess() {
    assertEquals(
        1,
        fail(
            new RuntimeException(
                "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of"
                    + " 15.77 GiB of which 1.12 GiB is free.")));
    assertEquals(
        "nunchi: The GPU's memory ran out: there are no further 2.00 GiB; smaller batches"
            + " (tokens_per_batch of a recipe, --batch-size) or a shorter max_length need less\n",
        err());
  }

  @Test
  void run_pathThatIsNone_isAUsageError() {
    for (String path : List.of("", " ", "a\0b")) {
      err.getBuffer().setLength(0);
      assertEquals(2, run("speak", "--to", path));
      assertTrue(err().startsWith("nunchi: Invalid value for option '--to'"), err());
      assertTrue(err().contains("expected a path but was '"), err());
      assertFalse(err().contains("Exception"), err());
    }
  }

  @Test
  void run_trainingLibrariesMissing_saysWhoAddsThem() {
    assertEquals(1, fail(new NoClassDefFoundError("org/bytedeco/javacpp/Loader")));
    assertEquals(
        "nunchi: This needs the training libraries, which the launcher nunchi puts on the class"
            + " path\n",
        err());
  }

  @Test
  void run_otherClassMissing_isUnexpected() {
    assertEquals(1, fail(new NoClassDefFoundError("com/example/Thing")));
    assertTrue(err().startsWith("nunchi: Unexpected failure, "), err());
  }

  @Test
  void run_fileExceptions_areNamedByTheFile() {
    assertAll(
        () -> assertFailure(new NoSuchFileException("a.tsv"), "a.tsv does not exist"),
        () -> assertFailure(new FileAlreadyExistsException("out"), "out exists already"),
        () -> assertFailure(new AccessDeniedException("m"), "m may not be read or written"),
        () ->
            assertFailure(
                new UncheckedIOException(new NoSuchFileException("b.tsv")),
                "b.tsv does not exist"));
  }

  @Test
  void run_readerOfStandardOutputLeft_isQuiet() {
    assertEquals(1, fail(new StandardOutput.Closed(new IOException("Broken pipe"))));
    assertEquals("", err());
  }

  @Test
  void run_standardOutputFull_isReported() {
    assertEquals(1, fail(new StandardOutput.Closed(new IOException("No space left on device"))));
    assertEquals("nunchi: Standard output could not be written: No space left on device\n", err());
  }

  @Test
  void run_misspelledCommand_exitsWith2AndSuggestsTheRightOne() {
    assertEquals(2, run("speek"));
    assertEquals(
        "nunchi: 'speek' is not a command\nDid you mean: nunchi speak?\nTry 'nunchi --help'.\n",
        err());
    assertEquals("", out());
  }

  @Test
  void run_misspelledOption_exitsWith2AndSuggestsTheRightOne() {
    assertEquals(2, run("speak", "--lou"));
    assertEquals(
        """
        nunchi: Unknown option: '--lou'
        Possible solutions: --loud
        Try 'nunchi speak --help'.
        """,
        err());
  }

  @Test
  void run_noCommand_showsTheHelpAsAnErrorAndExitsWith2() {
    assertEquals(2, run());
    assertTrue(err().contains("Usage: nunchi"), err());
    assertEquals("", out());
  }

  @Test
  void help_ofTheProgram_listsCommandsInTheirGroupsAndGivesExamples() {
    assertEquals(0, run("--help"));
    String help = out();
    assertTrue(help.contains("\nSay things:\n  speak  Repeats texts.\n"), help);
    assertFalse(help.contains("Empty"), help);
    assertTrue(help.contains("\nExamples:\n"), help);
    assertFalse(help.contains("\u001b"), "No colours where no terminal is");
    assertEquals("", err());
  }

  @Test
  void help_ofACommand_hasTheOptionsOfEveryCommand() {
    assertEquals(0, run("speak", "--help"));
    String help = out();
    assertTrue(help.contains("Usage: nunchi speak"), help);
    assertTrue(help.contains("--debug"), help);
    assertTrue(help.contains("-h, --help"), help);
    assertFalse(help.contains("Examples"), help);
  }

  @Test
  void version_names_buildAndJava() {
    assertEquals(0, run("--version"));
    assertTrue(
        out().matches("nunchi \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?( \\(.+\\))?\nJava 25.*\n"), out());
  }

  @Test
  void commands_ofTheProgram_allDescribeThemselves() {
    assertEquals(0, run(Nunchi.commands(), Map.of(), "--help"));
    List<String> bare =
        out().lines().filter(line -> line.matches("  [a-z]+ *")).map(String::strip).toList();
    assertEquals(List.of(), bare);
  }

  private void assertFailure(Exception failure, String sentence) {
    err.getBuffer().setLength(0);
    assertEquals(1, fail(failure));
    assertEquals("nunchi: " + sentence + "\n", err());
  }

  private int fail(Throwable failure) {
    return act(() -> raise(failure), Map.of(), "act");
  }

  private static int raise(Throwable failure) throws Exception {
    switch (failure) {
      case Error error -> throw error;
      case Exception exception -> throw exception;
      default -> throw new AssertionError(failure);
    }
  }

  private int act(Callable<Integer> action, Map<String, String> environment, String... arguments) {
    CommandGroup group = new CommandGroup("Act");
    group.add(new Act(action));
    return run(List.of(group), environment, arguments);
  }

  private int run(String... arguments) {
    CommandGroup group = new CommandGroup("Say things");
    group.add(new Speak());
    return run(List.of(group, new CommandGroup("Empty")), Map.of(), arguments);
  }

  private int run(List<CommandGroup> groups, Map<String, String> environment, String... arguments) {
    return new Program(groups, environment, new PrintWriter(out), new PrintWriter(err, true))
        .run(arguments);
  }

  private String out() {
    return out.toString().replace(System.lineSeparator(), "\n");
  }

  private String err() {
    return err.toString().replace(System.lineSeparator(), "\n");
  }

  @Command(name = "speak", description = "Repeats texts.")
  private static final class Speak implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(names = "--loud", description = "In capitals.")
    private boolean loud;

    @Option(names = "--to", description = "Where.")
    private Path to = Path.of("out");

    @Parameters(description = "What to say.")
    private List<String> texts = List.of();

    @Override
    public Integer call() {
      spec.commandLine().getErr().println("spoken");
      spec.commandLine().getOut().print(texts + " " + loud + "\n");
      return 0;
    }
  }

  @Command(name = "act")
  private record Act(Callable<Integer> action) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      return action.call();
    }
  }
}
