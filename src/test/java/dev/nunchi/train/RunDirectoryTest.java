package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.train.TrainingRun.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
  @TempDir private Path temporary;
  private Path output = Path.of("");

  @BeforeEach
  void makeOutput() throws IOException {
    output = Files.createDirectory(temporary.resolve("out"));
  }

  @Test
  void examine_checkpointsOfAnotherProgram_areRefusedByNameInEveryMode() throws IOException {
    for (int step : new int[] {500, 1500}) {
      Path checkpoint = Files.createDirectory(output.resolve("checkpoint-" + step));
      Files.writeString(checkpoint.resolve("trainer_state.json"), "{\"global_step\": 500}");
      Files.writeString(checkpoint.resolve("optimizer.pt"), "theirs");
    }
    for (Mode mode : Mode.values()) {
      assertRefused(mode, null, "checkpoint-1500 is left as it is");
    }
    assertEquals(2, CopiedDirectory.entries(output).size());
  }

  @Test
  void examine_logsAndDiaries_areNoReasonToRefuse() throws IOException {
    for (String name : List.of("diary.txt", "train.log", ".DS_Store", ".gitkeep")) {
      Files.writeString(output.resolve(name), "mine");
    }
    Files.createDirectory(output.resolve("lost+found"));
    Files.writeString(output.resolve("runs"), "a file where a directory would be");
    for (Mode mode : Mode.values()) {
      assertEquals(Optional.empty(), RunDirectory.examine(output, mode, null, _ -> {}));
    }
  }

  @Test
  void examine_metricsOfAnotherProgram_areRefusedByName() throws IOException {
    Files.writeString(output.resolve("metrics.jsonl"), "{\"step\": 1, \"loss\": 0.5}\n");
    assertRefused(Mode.START, null, "metrics.jsonl was not written by nunchi");
    assertRefused(Mode.OVERWRITE, null, "metrics.jsonl was not written by nunchi");
    Files.delete(output.resolve("metrics.jsonl"));
    Files.writeString(output.resolve("data_report.json"), "{}");
    assertRefused(Mode.RESUME, null, "data_report.json was not written by nunchi");
  }

  @Test
  void examine_ownMetricsWithATornLine_areNoReasonToRefuse() throws IOException {
    new MetricsLog(output, 1).stepped(Steps.step(1, 0.5));
    Path log = output.resolve("metrics.jsonl");
    Files.writeString(log, Files.readString(log) + "{\"step\":2,\"epo");
    assertEquals(Optional.empty(), RunDirectory.examine(output, Mode.START, null, _ -> {}));
    Files.writeString(log, Files.readString(log) + "\nwhat I learnt from this\n");
    assertRefused(Mode.START, null, "metrics.jsonl was not written by nunchi");
  }

  @Test
  void examine_outputThatIsTheBase_isRefusedByWhateverName() throws IOException {
    Path base = CopiedDirectory.of(TinyCheckpoint.BERT.path(), temporary.resolve("base"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), base);
    Path inside = base.resolve("checkpoint-7");
    for (Path same : List.of(base, link, inside, link.resolve("new"), temporary)) {
      output = same;
      for (Mode mode : Mode.values()) {
        assertRefused(mode, base, "lie one in the other");
      }
    }
  }

  @Test
  void open_unfinishedRunWithoutCheckpoint_mayBeResumedButNotAFinishedOne() throws IOException {
    CopiedDirectory.of(
        Path.of("models/nsmc-small"), Files.createDirectory(temporary.resolve("built-in")));
    output = temporary.resolve("built-in");
    for (String name : List.of("README.md", "recipe.yaml", "metrics.jsonl")) {
      Files.delete(output.resolve(name));
    }
    assertRefused(Mode.START, null, "holds a model; --overwrite replaces it");
    assertRefused(Mode.RESUME, null, "holds a finished model and no checkpoint");
    RunDirectory.open(output, Mode.OVERWRITE).close();
    assertEquals(Optional.empty(), RunDirectory.examine(output, Mode.RESUME, null, _ -> {}));
    try (RunDirectory run = RunDirectory.open(output, Mode.RESUME)) {
      run.finished();
    }
    assertRefused(Mode.RESUME, null, "holds a finished model and no checkpoint");
  }

  @Test
  void examine_builtInModel_isNotReplacedWithItsCard() {
    output = Path.of("models/nsmc-small");
    assertRefused(Mode.START, null, "README.md was not written by nunchi");
    assertRefused(Mode.OVERWRITE, null, "README.md was not written by nunchi");
  }

  private void assertRefused(Mode mode, @Nullable Path base, String sentence) {
    NunchiException refused =
        assertThrows(
            NunchiException.class, () -> RunDirectory.examine(output, mode, base, _ -> {}));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertTrue(refused.getMessage().contains(sentence), refused.getMessage());
  }
}
