package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
  @TempDir private Path directory;
  private final AtomicLong nanos = new AtomicLong();

  @Test
  void stepped_loggedStep_writesItsFiguresUnderHuggingFacesNames() throws IOException {
    MetricsLog log = log(2);
    step(log, 1, 0.5);
    step(log, 2, 0.25);
    assertEquals(
        List.of(
            "{\"step\":2,\"epoch\":0.4,\"loss\":0.375,\"learning_rate\":0.002,\"gradient_norm\":2.5,"
                + "\"tokens\":600,\"padding_share\":0.25,\"tokens_per_second\":300.0}"),
        lines());
  }

  @Test
  void evaluated_afterAStep_writesItsFiguresWithTheStepsEpoch() throws IOException {
    MetricsLog log = log(2);
    step(log, 1, 0.5);
    log.evaluated(1, Steps.evaluation(), true);
    // The mean of -ln 0.75 three times and -ln 0.25 once; F1 of 2/3 and 4/5.
    double loss = -(3 * Math.log(0.75) + Math.log(0.25)) / 4;
    String line = lines().getFirst();
    assertTrue(line.startsWith("{\"step\":1,\"epoch\":0.2,\"eval_loss\":"), line);
    assertEquals(loss, number(line, "eval_loss"), 1e-12);
    assertEquals(0.75, number(line, "eval_accuracy"), 1e-12);
    assertEquals((2.0 / 3 + 0.8) / 2, number(line, "eval_macro_f1"), 1e-12);
    assertEquals((2.0 / 3 + 0.8) / 2, number(line, "eval_weighted_f1"), 1e-12);
    assertEquals(1, lines().size());
  }

  @Test
  void stepped_afterASave_leavesItsTimeOutOfTheSpeed() throws IOException {
    MetricsLog log = log(1);
    nanos.addAndGet(7_000_000_000L);
    log.evaluated(0, Steps.evaluation(), true);
    nanos.addAndGet(7_000_000_000L);
    log.saved(directory);
    step(log, 1, 0.5);
    assertEquals(300, number(lines().getLast(), "tokens_per_second"));
  }

  @Test
  void stepped_normThatIsNoNumber_writesNull() throws IOException {
    log(1)
        .stepped(
            new TrainingListener.Step(1, 2, 0.5, 0.5, 2, 1e-3, Double.POSITIVE_INFINITY, 10, 0));
    assertTrue(lines().getFirst().contains("\"gradient_norm\":null,"), lines().getFirst());
  }

  @Test
  void stepped_newRunInAnOldDirectory_beginsTheFileAnew() throws IOException {
    MetricsLog old = log(1);
    step(old, 1, 0.5);
    step(old, 2, 0.5);
    step(log(1), 1, 0.25);
    assertEquals(1, lines().size());
    assertEquals(0.25, number(lines().getFirst(), "loss"));
  }

  @Test
  void resumed_linesOfLaterSteps_areDroppedAndTheNewOnesFollow() throws IOException {
    MetricsLog killed = log(1);
    for (long step = 1; step <= 4; step++) {
      step(killed, step, step);
      killed.evaluated(step, Steps.evaluation(), true);
    }
    List<String> before = lines();
    MetricsLog log = log(1);
    log.resumed(Path.of("checkpoint-2"), 2);
    assertEquals(before.subList(0, 4), lines());
    step(log, 3, 30);
    assertEquals(before.subList(0, 4), lines().subList(0, 4));
    assertEquals(5, lines().size());
    assertEquals(30, number(lines().getLast(), "loss"));
    try (var files = Files.list(directory)) {
      assertEquals(List.of(directory.resolve("metrics.jsonl")), files.toList());
    }
  }

  @Test
  void resumed_tornLastLine_isDropped() throws IOException {
    MetricsLog killed = log(1);
    step(killed, 1, 0.5);
    List<String> before = lines();
    for (String torn :
        List.of("{", "{\"step\":2,\"epoch\":0.", "{\"step\":2,\"loss\":", "{}", "2")) {
      Files.writeString(directory.resolve("metrics.jsonl"), torn, StandardOpenOption.APPEND);
      log(1).resumed(Path.of("checkpoint-5"), 5);
      assertEquals(before, lines(), torn);
    }
  }

  @Test
  void resumed_lastLineWithoutItsLineFeed_isKept() throws IOException {
    Files.writeString(directory.resolve("metrics.jsonl"), "{\"step\":1,\"loss\":0.5}");
    MetricsLog log = log(1);
    log.resumed(Path.of("checkpoint-1"), 1);
    step(log, 2, 0.5);
    assertEquals(2, lines().size());
    assertEquals("{\"step\":1,\"loss\":0.5}", lines().getFirst());
  }

  @Test
  void resumed_noFile_beginsOne() throws IOException {
    MetricsLog log = log(1);
    log.resumed(Path.of("checkpoint-4"), 4);
    assertFalse(Files.exists(directory.resolve("metrics.jsonl")));
    step(log, 5, 0.5);
    assertEquals(1, lines().size());
  }

  @Test
  void stepped_directoryReplacedSinceTheLastLine_goesOnInTheNewOne() throws IOException {
    Path output = directory.resolve("model");
    MetricsLog log = new MetricsLog(output, 1, nanos::get);
    step(log, 1, 0.5);
    Path old = Files.move(output, directory.resolve("old"));
    Files.createDirectory(output);
    Files.move(old.resolve("metrics.jsonl"), output.resolve("metrics.jsonl"));
    step(log, 2, 0.5);
    assertEquals(2, Files.readAllLines(output.resolve("metrics.jsonl")).size());
    assertFalse(Files.exists(old.resolve("metrics.jsonl")));
  }

  @Test
  void stepped_fileThatCannotBeWritten_isNamed() throws IOException {
    Files.createDirectory(directory.resolve("metrics.jsonl"));
    NunchiException failure = assertThrows(NunchiException.class, () -> step(log(1), 1, 0.5));
    assertEquals(Reason.IO_FAILURE, failure.reason());
    assertEquals(
        directory.resolve("metrics.jsonl") + " cannot be written: Is a directory",
        failure.getMessage());
  }

  @Test
  void resumed_fileThatCannotBeRead_isNamed() throws IOException {
    Files.createDirectory(directory.resolve("metrics.jsonl"));
    NunchiException failure =
        assertThrows(NunchiException.class, () -> log(1).resumed(Path.of("checkpoint-1"), 1));
    assertEquals(Reason.IO_FAILURE, failure.reason());
    assertEquals(directory.resolve("metrics.jsonl") + " cannot be read", failure.getMessage());
  }

  private MetricsLog log(int loggingSteps) {
    return new MetricsLog(directory, loggingSteps, nanos::get);
  }

  /// A step of one second.
  private void step(MetricsLog log, long step, double loss) {
    nanos.addAndGet(1_000_000_000);
    log.stepped(Steps.step(step, loss));
  }

  private List<String> lines() throws IOException {
    String text = Files.readString(directory.resolve("metrics.jsonl"));
    assertTrue(text.isEmpty() || text.endsWith("\n"), text);
    return text.lines().toList();
  }

  private static double number(String line, String key) {
    return Double.parseDouble(line.replaceFirst(".*\"" + key + "\":([^,}]*).*", "$1"));
  }
}
