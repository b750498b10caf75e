package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.model.Digests;
import dev.nunchi.serve.ServerStart;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Whatever one thing is wrong with what a command is given, it says so in one sentence with a
/// name, and leaves what the user had as it was; or nothing that matters was wrong, and it
/// succeeds.
///
/// `-Dnunchi.faults.seeds=` says how many cases are tried, `-Dnunchi.faults.first=` from which on;
/// `mvn verify -Pfaults` tries 2,000.
class FaultsTest {
  private static final long FIRST = Long.getLong("nunchi.faults.first", 1);
  private static final int SEEDS = Integer.getInteger("nunchi.faults.seeds", 80);

  /// Whether errors come with their stack traces, to find their causes.
  private static final boolean DEBUG = System.getProperty("nunchi.faults.debug") != null;

  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final Path NOW =
      Path.of(System.getProperty("nunchi.faults.now", "target/faults-now.txt"));

  private static final Pattern STACK_TRACE =
      Pattern.compile(
          "Unexpected failure"
              + (DEBUG ? "" : "|\\n\\s*at [a-z]|[a-z]\\.[A-Z]\\w*(Exception|Error)\\b"));
  private static final String DIARY = "diary.txt";

  @TempDir Path temporary;

  /// What a command left behind.
  private record Ending(int exitCode, String out, String err) {}

  @Test
  void run_oneFault_isANamedErrorOrASuccess() throws IOException, InterruptedException {
    WholeInputs whole = WholeInputs.make(temporary.resolve("whole"));
    List<String> wrong = new ArrayList<>();
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      Path directory = Files.createDirectory(temporary.resolve("seed-" + seed));
      FaultCase drawn = FaultCase.of(seed, whole, directory);
      // Where the process dies of it, the file says of what.
      Files.write(
          NOW, "%s%n%s%n".formatted(drawn, drawn.reproduction()).getBytes(StandardCharsets.UTF_8));
      check(drawn)
          .forEach(
              what -> wrong.add("%s%n  %s%n  %s".formatted(drawn, what, drawn.reproduction())));
      WholeInputs.delete(directory);
    }
    Files.deleteIfExists(NOW);
    assertTrue(wrong.isEmpty(), () -> "\n" + String.join("\n", wrong) + "\n");
  }

  /// What is not as it should be.
  private static List<String> check(FaultCase drawn) throws IOException, InterruptedException {
    Path input = drawn.directory().resolve(FaultCase.INPUT);
    Path output = drawn.directory().resolve("output");
    if (Files.isDirectory(output)) {
      Files.writeString(output.resolve(DIARY), "dear diary\n");
    }
    Map<String, String> before = contents(input);
    Map<String, String> outputBefore = contents(output);
    Ending ending = run(drawn);
    List<String> wrong = new ArrayList<>();
    if (!contents(input).equals(before)) {
      wrong.add("an input is no longer what it was");
    }
    Map<String, String> outputAfter = contents(output);
    if (outputBefore.containsKey(DIARY) && !outputAfter.containsKey(DIARY)) {
      wrong.add("a file of the user's is gone from the output");
    }
    if (ending.exitCode() != 0 && !outputAfter.keySet().containsAll(outputBefore.keySet())) {
      List<String> lost = new ArrayList<>(outputBefore.keySet());
      lost.removeAll(outputAfter.keySet());
      wrong.add("gone from the output of a run that failed: " + lost);
    }
    for (String left : contents(drawn.directory()).keySet()) {
      if (left.contains(".staged-")) {
        wrong.add("left behind: " + left);
      }
    }
    said(drawn, ending, wrong);
    return wrong;
  }

  private static void said(FaultCase drawn, Ending ending, List<String> wrong) {
    String err = ending.err();
    if (STACK_TRACE.matcher("\n" + err).find()) {
      wrong.add("no sentence: " + err);
      return;
    }
    if (ending.exitCode() == 0) {
      if (ending.out().contains("NaN") || err.contains("nunchi: ")) {
        wrong.add("not honest: " + ending);
      }
      return;
    }
    List<String> sentences = err.lines().filter(line -> line.startsWith("nunchi: ")).toList();
    if (sentences.size() != 1 || ending.exitCode() > 2 || ending.exitCode() < 0) {
      wrong.add("not one sentence: " + ending);
      return;
    }
    if (sentences.getFirst().length() > 2000 && !drawn.fault().contains("is ")) {
      wrong.add("no end: " + sentences.getFirst().substring(0, 300));
    }
    if (drawn.names().stream().noneMatch(err::contains) || err.contains("Memory ran out")) {
      wrong.add("nothing is named: " + err);
    }
  }

  /// On a thread of its own, as some faults could keep a command busy for ever.
  private static Ending run(FaultCase drawn) throws InterruptedException {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int[] exitCode = {-1};
    Thread thread =
        new Thread(
            () ->
                exitCode[0] =
                    new Program(
                            commands(),
                            Map.of("NUNCHI_DEBUG", DEBUG ? "1" : "0"),
                            new PrintWriter(out, true),
                            new PrintWriter(err, true))
                        .run(drawn.arguments().toArray(String[]::new)),
            drawn.toString());
    thread.start();
    if (!thread.join(LONGEST)) {
      StringBuilder where = new StringBuilder();
      for (StackTraceElement element : thread.getStackTrace()) {
        where.append("\n    ").append(element);
      }
      throw new AssertionError(
          "%s%n  has not ended after %s%s%n  %s"
              .formatted(drawn, LONGEST, where, drawn.reproduction()));
    }
    return new Ending(exitCode[0], out.toString(), err.toString());
  }

  private static List<CommandGroup> commands() {
    CommandGroup commands = new CommandGroup("Commands");
    commands.add(new TrainCommand());
    commands.add(new EvaluateCommand());
    commands.add(new MergeCommand());
    commands.add(new ExportCommand());
    commands.add(new HeadCommand());
    commands.add(new CombineCommand());
    commands.add(new ClassifyCommand());
    commands.add(new ModelsCommand());
    commands.add(new StartCommand());
    return List.of(commands);
  }

  /// `serve` until it would open its port.
  @Command(name = "serve")
  private static final class StartCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(names = "--model")
    private Path model = Path.of("");

    @Override
    public Integer call() {
      PrintWriter err = spec.commandLine().getErr();
      try {
        ServerStart.run(model, err);
      } catch (RuntimeException e) {
        if (ServeCommand.reported(e, "localhost") instanceof NunchiException refused) {
          throw refused;
        }
        throw e;
      }
      return 0;
    }
  }

  /// Digests of the files, and the kinds of whatever else is there, by path.
  private static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    if (!Files.exists(directory)) {
      return contents;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.toList()) {
        String kind =
            Files.isSymbolicLink(each)
                ? "link"
                : Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)
                    ? "directory"
                    : Files.isReadable(each) ? Digests.sha256(each) : "unreadable";
        contents.put(directory.relativize(each).toString(), kind);
      }
    }
    return contents;
  }
}
