package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.eval.EvaluationResult;
import dev.nunchi.train.Evaluation;
import dev.nunchi.train.MemoryEstimate;
import dev.nunchi.train.TrainingListener.Ending;
import dev.nunchi.train.TrainingListener.Plan;
import dev.nunchi.train.TrainingListener.Step;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingProgressTest {
  private static final long MILLISECOND = 1_000_000;
  private static final long TOTAL_STEPS = 2000;
  private static final Ending STOPPED = new Ending(true, 601, 0, false);
  private static final Ending FINISHED = new Ending(false, TOTAL_STEPS, 0, false);

  @TempDir private Path directory;
  private final StringWriter written = new StringWriter();
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger width = new AtomicInteger();
  private OptionalLong memory = OptionalLong.of(1_900_000_000);

  @Test
  void planned_aRun_saysWhatItIsAbout() {
    TrainingProgress progress = progress();
    progress.preparing("Reading texts");
    progress.planned(plan());
    assertEquals(
        List.of(
            "Reading texts …",
            "8,000 training texts (160,000 tokens, 3 cut), 500 for validation, labels 부정 긍정",
            "7,000,000 parameters (2 new tensors), 2,000 steps, 4.0 epochs",
            "new, at their initial values: classifier.weight, classifier.bias",
            "about 514 MB of memory: 300 for the program and texts, 30 for weights, 28 for"
                + " gradients, 56 for the optimiser, 100 for activations of the largest batch"),
        lines());
  }

  @Test
  void scored_notOnATerminal_showsALineEveryHalfMinuteAndTheLast() {
    TrainingProgress progress = progress();
    progress.preparing("Scoring 607,262 texts with the teacher");
    for (int done = 32; done <= 3200; done += 32) {
      nanos.addAndGet(1000 * MILLISECOND);
      progress.scored(done, 607_262, done / 320_000.0);
    }
    progress.scored(607_262, 607_262, 1);
    assertEquals(
        List.of(
            "Scoring 607,262 texts with the teacher …",
            "960 of 607,262 texts (0 %)  32 texts/s  2:46:10 left",
            "1,920 of 607,262 texts (0 %)  32 texts/s  2:45:40 left",
            "2,880 of 607,262 texts (0 %)  32 texts/s  2:45:10 left",
            "607,262 of 607,262 texts (100 %)  6,073 texts/s  0:00:00 left"),
        lines());
  }

  @Test
  void stepped_notOnATerminal_showsTheFirstStepThenOneEveryHalfMinute() {
    TrainingProgress progress = begun();
    steps(progress, 1, 70, 1000);
    assertEquals(
        List.of(
            "step 1/2,000  epoch 0.00  loss 0.5000  lr 1.00e-04  norm 1.25  4,000 tokens/s"
                + "  padding 3 %  1.9 GB  0:33:19 left",
            "step 31/2,000  epoch 0.06  loss 0.5000  lr 1.00e-04  norm 1.25  4,000 tokens/s"
                + "  padding 3 %  1.9 GB  0:32:49 left",
            "step 61/2,000  epoch 0.12  loss 0.5000  lr 1.00e-04  norm 1.25  4,000 tokens/s"
                + "  padding 3 %  1.9 GB  0:32:19 left"),
        lines());
    assertFalse(text().contains("\r"));
  }

  @Test
  void stepped_lastStep_isShownWhateverTheTime() {
    TrainingProgress progress = begun();
    steps(progress, 1, 1, 1000);
    steps(progress, TOTAL_STEPS, 1, 1000);
    assertTrue(lines().getLast().startsWith("step 2,000/2,000 "), text());
    assertTrue(lines().getLast().endsWith(" 0:00:00 left"), text());
  }

  @Test
  void stepped_memoryUnknown_isLeftOut() {
    memory = OptionalLong.empty();
    steps(begun(), 1, 1, 1000);
    assertTrue(text().contains("padding 3 %  0:33:19 left"), text());
  }

  @Test
  void stepped_onATerminal_rewritesOneLineThatFits() {
    for (int columns : List.of(20, 40, 80, 100, 200)) {
      written.getBuffer().setLength(0);
      width.set(columns);
      TrainingProgress progress = begun();
      steps(progress, 1, 200, 100);
      assertFalse(text().contains("\n"), text());
      String[] rewrites = text().substring(1).split("\r", -1);
      // The first, then every third: 300 ms is the first multiple of a step past 250.
      assertEquals(67, rewrites.length);
      for (String line : rewrites) {
        assertTrue(line.length() < columns, line);
        assertTrue(line.startsWith("step "), line);
      }
    }
    assertTrue(text().endsWith("padding 3 %  1.9 GB  0:03:00 left"), text());
  }

  @Test
  void stepped_narrowTerminal_keepsStepLossSpeedAndWhatIsLeft() {
    width.set(66);
    steps(begun(), 1, 1, 1000);
    assertEquals("\rstep 1/2,000  loss 0.5000  4,000 tokens/s  0:33:19 left", text());
  }

  @Test
  void stepped_shorterLineThanBefore_wipesTheRestOut() {
    width.set(200);
    TrainingProgress progress = begun();
    steps(progress, 1, 1, 1000);
    int length = text().length() - 1;
    width.set(40);
    steps(progress, 2, 1, 1000);
    String second = text().substring(text().lastIndexOf('\r') + 1);
    assertEquals(length, second.length());
    assertEquals("step 2/2,000  loss 0.5000  0:33:18 left", second.strip());
  }

  @Test
  void evaluated_onATerminal_replacesTheLiveLine() {
    width.set(80);
    TrainingProgress progress = begun();
    steps(progress, 1, 1, 1000);
    int length = text().length() - 1;
    progress.evaluated(1, evaluation(), true);
    String expected =
        "step 1: validation accuracy 0.7500, macro F1 0.7333, weighted F1 0.7333, loss 0.5623,"
            + " the best so far";
    assertTrue(
        text().endsWith("\r" + " ".repeat(length) + "\r" + expected + System.lineSeparator()),
        text());
  }

  @Test
  void stepped_lossThatJumps_isSmoothed() {
    TrainingProgress progress = begun();
    steps(progress, 1, 1, 1000);
    nanos.addAndGet(40_000 * MILLISECOND);
    progress.stepped(new Step(2, TOTAL_STEPS, 0.01, 1.5, 2, 1e-4, 1.25, 4000, 0.03));
    assertTrue(lines().getLast().contains("loss 0.5500"), text());
  }

  @Test
  void stepped_afterAnEvaluation_speedIsOfStepsAndTheRestCountsEvaluations() {
    TrainingProgress progress = begun();
    steps(progress, 1, 100, 1000);
    nanos.addAndGet(100_000 * MILLISECOND);
    progress.evaluated(100, evaluation(), false);
    steps(progress, 101, 1, 1000);
    assertTrue(lines().getLast().contains(" 4,000 tokens/s "), text());
    // 1,899 steps of a second, and 201 seconds have passed for 101 seconds of steps.
    assertTrue(lines().getLast().endsWith(" 1:02:59 left"), text());
  }

  @Test
  void resumed_aRun_countsSpeedAndTimeFromThere() {
    TrainingProgress progress = begun();
    nanos.addAndGet(1_000_000 * MILLISECOND);
    progress.resumed(Path.of("made", "checkpoint-600"), 600);
    steps(progress, 601, 1, 1000);
    assertEquals(
        "Going on after step 600 from " + Path.of("made", "checkpoint-600"), lines().getFirst());
    assertTrue(lines().getLast().endsWith(" 0:23:19 left"), text());
    progress.ended(STOPPED);
    assertTrue(
        text()
            .contains(
                "Stopped after step 601 of 2,000 (epoch 1.20) in 0:00:01 since step 600: 4,000"
                    + " tokens"),
        text());
    assertTrue(text().contains("No evaluation since step 600 was better than those before"));
  }

  @Test
  void finished_toTheEnd_saysTheBestStepWhereThingsAreAndWhatIsNext() throws IOException {
    Path output = Files.createDirectory(directory.resolve("my model"));
    Path test = Files.createFile(directory.resolve("test.tsv.gz"));
    for (String name : List.of("nunchi.json", "metrics.jsonl", "runs")) {
      Files.createFile(output.resolve(name));
    }
    TrainingProgress progress = begun();
    steps(progress, 1991, 10, 1000);
    progress.evaluated(1995, evaluation(), true);
    progress.evaluated(2000, evaluation(), false);
    written.getBuffer().setLength(0);
    progress.ended(FINISHED);
    assertEquals(
        List.of(
            "Finished step 2,000 of 2,000 (epoch 4.00) in 0:00:10: 40,000 tokens, 4,000 tokens/s,"
                + " padding 3.0 %",
            "Best at step 1,995: accuracy 0.7500, macro F1 0.7333, weighted F1 0.7333, loss 0.5623"
                + " on validation",
            "The model is in " + output,
            "The figures of its steps are in " + output.resolve("metrics.jsonl"),
            "Curves: tensorboard --logdir '%s'".formatted(output.resolve("runs")),
            "Next:",
            "  nunchi evaluate --model '%s' --data %s --output '%s-evaluation'"
                .formatted(output, test, output),
            "  nunchi export --model '%s' --output '%s-onnx'".formatted(output, output)),
        lines());
  }

  @Test
  void finished_stoppedBetweenTwoLines_showsTheLastStepAndHowToGoOn() {
    TrainingProgress progress = begun();
    steps(progress, 1, 5, 1000);
    progress.ended(STOPPED);
    assertTrue(lines().get(1).startsWith("step 5/2,000 "), text());
    assertEquals("There was no evaluation, so no best step", lines().get(3));
    assertEquals("Next: the same command with --resume goes on from here", lines().getLast());
    assertFalse(text().contains("The model is in"), text());
  }

  @Test
  void finished_noTestSplit_leavesAPlaceForTheFile() throws IOException {
    Path output = Files.createDirectory(directory.resolve("my model"));
    Files.createFile(output.resolve("nunchi.json"));
    TrainingProgress progress = begun();
    progress.ended(FINISHED);
    assertEquals("No step was done", lines().getFirst());
    assertTrue(text().contains(" --data FILE "), text());
  }

  @Test
  void failed_onATerminal_endsTheLiveLine() {
    width.set(80);
    TrainingProgress progress = begun();
    steps(progress, 1, 1, 1000);
    String line = text();
    progress.failed();
    assertEquals(line + System.lineSeparator(), text());
  }

  private TrainingProgress progress() {
    return new TrainingProgress(
        new PrintWriter(written, true),
        new TrainingSummary(directory, directory.resolve("my model")),
        width::get,
        nanos::get,
        () -> memory);
  }

  /// A run that has been planned, with nothing written so far.
  private TrainingProgress begun() {
    TrainingProgress progress = progress();
    progress.planned(plan());
    written.getBuffer().setLength(0);
    return progress;
  }

  private void steps(TrainingProgress progress, long first, int count, long milliseconds) {
    for (long step = first; step < first + count; step++) {
      nanos.addAndGet(milliseconds * MILLISECOND);
      progress.stepped(
          new Step(step, TOTAL_STEPS, step / 500.0, 0.5, 2, 1e-4, 1.25, 4 * milliseconds, 0.03));
    }
  }

  private static Plan plan() {
    return new Plan(
        LabelSet.of("부정", "긍정"),
        8000,
        500,
        160_000,
        3,
        7_000_000,
        7_000_000,
        List.of("classifier.weight", "classifier.bias"),
        40,
        TOTAL_STEPS,
        4,
        new MemoryEstimate(300_000_000, 30_000_000, 28_000_000, 56_000_000, 100_000_000));
  }

  private static Evaluation evaluation() {
    double[][] probabilities = {{0.75, 0.25}, {0.25, 0.75}, {0.25, 0.75}, {0.25, 0.75}};
    return new Evaluation(
        EvaluationResult.of(LabelSet.of("부정", "긍정"), new int[] {0, 0, 1, 1}, probabilities)
            .metrics(),
        1,
        List.of(),
        List.of());
  }

  private List<String> lines() {
    return text().lines().toList();
  }

  private String text() {
    return written.toString();
  }
}
