package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.PackagedApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `nunchi train` as a process that is killed, stopped, or has no room to write.
class TrainIT {
  private static final long PATIENCE_SECONDS = 120;
  private static final int SIGTERM_EXIT_CODE = 143;

  private static final String RECIPE =
      """
      tokenizer_vocab_size: 400
      max_length: 24
      model_config:
        model_type: bert
        hidden_size: 32
        num_hidden_layers: 2
        num_attention_heads: 2
        intermediate_size: 64
        max_position_embeddings: 24
        type_vocab_size: 1
      learning_rate: 2.0e-3
      max_steps: 240
      tokens_per_batch: 256
      ema_decay: 0.9
      eval_steps: 40
      save_steps: 20
      label_mapping: 0=부정,1=긍정
      labels: {부정: -1, 긍정: 1}
      threads: 1
      """;

  @TempDir private Path directory;

  @BeforeEach
  void writeTexts() throws IOException {
    Path data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(400, 1));
    Files.writeString(data.resolve("validation.tsv"), Reviews.tsv(100, 2));
    Files.writeString(directory.resolve("recipe.yaml"), RECIPE);
  }

  @Test
  void train_killedAndResumed_givesTheWeightsOfAnUninterruptedRun() throws Exception {
    assertEquals(0, finish(train("whole")), log("whole"));
    for (int checkpoint : new int[] {20, 100, 180}) {
      Process run = train("parts", "--resume");
      awaitFile("parts/checkpoint-" + checkpoint, run);
      run.destroyForcibly();
      finish(run);
    }
    assertEquals(0, finish(train("parts", "--resume")), log("parts"));
    assertTrue(log("parts").contains("Going on after step "), log("parts"));
    assertEquals(
        -1,
        Files.mismatch(
            directory.resolve("whole/model.safetensors"),
            directory.resolve("parts/model.safetensors")));
    assertEquals(List.of(), names("parts").filter(name -> name.startsWith(".")).toList());
  }

  @Test
  void train_sigterm_savesACheckpointAndExits() throws Exception {
    Process run = train("made");
    awaitFile("made/checkpoint-20", run);
    run.destroy();
    assertEquals(SIGTERM_EXIT_CODE, finish(run), log("made"));
    assertTrue(
        log("made").contains("the same command with --resume goes on from here"), log("made"));
    assertFalse(names(".").anyMatch(name -> name.startsWith("hs_err")));
    assertEquals(0, finish(train("made", "--resume")), log("made"));
  }

  @Test
  void train_sigtermBeforeTheFirstStep_endsAtOnceAndLeavesNothing() throws Exception {
    // Long enough to read and encode that the signal comes meanwhile.
    Files.writeString(directory.resolve("data/train.tsv"), Reviews.tsv(60_000, 1));
    Process run = train("made");
    await(() -> log("made").contains("Reading texts"), run);
    run.destroy();
    assertEquals(SIGTERM_EXIT_CODE, finish(run), log("made"));
    assertFalse(log("made").contains("Stopping after this step"), log("made"));
    assertEquals(
        List.of("data", "made.log", "recipe.yaml"),
        names(".").filter(name -> !name.equals("made")).sorted().toList());
    assertEquals(
        List.of(),
        Files.exists(directory.resolve("made")) ? names("made").toList() : List.<String>of());
  }

  @Test
  void export_sigtermInTheMiddle_leavesNothing() throws Exception {
    Path checkpoint = Path.of("src/test/resources/dev/nunchi/nn/bert-tiny");
    Path texts = Files.writeString(directory.resolve("texts.tsv"), Reviews.tsv(20_000, 1));
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    ProcessBuilder export =
        PackagedApplication.training(
            "export",
            "--model=" + checkpoint,
            "--output=" + directory.resolve("exported"),
            "--precision=int8",
            "--calibration=" + texts,
            "--validation=" + texts);
    export.command().add(1, "-Djava.io.tmpdir=" + temporary);
    Process run = start(export, "export");
    await(() -> triesNumbers(directory.resolve("exported")), run);
    run.destroy();
    assertEquals(SIGTERM_EXIT_CODE, finish(run), log("export"));
    assertEquals(List.of(), nunchis(temporary));
    assertFalse(Files.exists(directory.resolve("exported")), log("export"));
    assertEquals(
        List.of("data", "export.log", "recipe.yaml", "temporary", "texts.tsv"),
        names(".").sorted().toList());
  }

  @Test
  void train_noRoomToWrite_endsWithTheFileAndKeepsWhatWasThere() throws Exception {
    Process run = train("made");
    awaitFile("made/checkpoint-40", run);
    run.destroyForcibly();
    finish(run);
    // No file over 64 kB, as on a disk that is full; the checkpoints are larger.
    Process full =
        start(
            new ProcessBuilder(
                Stream.concat(
                        Stream.of("bash", "-c", "ulimit -f 64; exec \"$@\"", "bash"),
                        command("made", "--resume").command().stream())
                    .toList()),
            "full");
    assertEquals(1, finish(full), log("full"));
    assertTrue(log("full").contains("cannot be written"), log("full"));
    assertEquals(0, finish(train("made", "--resume")), log("made"));
  }

  @Test
  void train_dry_doesWithoutLibtorch() throws Exception {
    Process run = start(PackagedApplication.serving(arguments("made", "--dry-run")), "dry");
    assertEquals(0, finish(run), log("dry"));
    assertTrue(log("dry").contains(" MB of memory: "), log("dry"));
  }

  private ProcessBuilder command(String output, String... more) {
    return PackagedApplication.training(arguments(output, more));
  }

  private String[] arguments(String output, String... more) {
    return Stream.concat(
            Stream.of(
                "train",
                "--recipe",
                directory.resolve("recipe.yaml").toString(),
                "--data",
                directory.resolve("data").toString(),
                "--output",
                directory.resolve(output).toString()),
            Stream.of(more))
        .toArray(String[]::new);
  }

  private Process train(String output, String... more) throws IOException {
    return start(command(output, more), output);
  }

  private Process start(ProcessBuilder process, String log) throws IOException {
    return process
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve(log + ".log").toFile())
        .start();
  }

  private static int finish(Process process) throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("The training does not end");
    }
    return process.exitValue();
  }

  private void awaitFile(String name, Process run) throws Exception {
    await(() -> Files.exists(directory.resolve(name)), run);
  }

  private void await(Callable<Boolean> condition, Process run) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.call()) {
      if (System.nanoTime() > end || !run.isAlive()) {
        throw new AssertionError("It has not come to that; " + names(".").toList());
      }
      Thread.sleep(5);
    }
  }

  /// What the program made among the temporary files. Whether an export has begun to try graphs in
  /// int8, which lie in the output.
  private static boolean triesNumbers(Path output) throws IOException {
    try (Stream<Path> found =
        Files.find(output, 3, (path, _) -> path.getFileName().toString().startsWith("int8-"))) {
      return found.findAny().isPresent();
    } catch (NoSuchFileException | UncheckedIOException _) {
      return false;
    }
  }

  private static List<String> nunchis(Path temporary) throws IOException {
    return names(temporary).filter(name -> name.startsWith("nunchi-")).toList();
  }

  private Stream<String> names(String folder) throws IOException {
    return names(directory.resolve(folder));
  }

  private static Stream<String> names(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).toList().stream();
    }
  }

  private String log(String name) throws IOException {
    return Files.readString(directory.resolve(name + ".log"));
  }
}
