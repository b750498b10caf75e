package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.eval.LearningCurves;
import dev.nunchi.eval.LearningCurves.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearningCurvesFileTest {
  @TempDir private Path directory;

  @Test
  void read_stepsAndEvaluations_areCurves() throws IOException {
    Files.writeString(
        directory.resolve("metrics.jsonl"),
        """
        {"step":100,"epoch":0.5,"loss":0.41,"learning_rate":0.0002,"gradient_norm":1.2,"tokens":4100}
        {"step":200,"epoch":1.0,"loss":0.35,"learning_rate":0.0001,"later":{"a":[1]}}
        {"step":200,"epoch":1.0,"eval_loss":0.33,"eval_accuracy":0.86,"eval_macro_f1":0.85}
        """);
    LearningCurves curves = LearningCurvesFile.read(directory);
    assertEquals(List.of(new Point(100, 0.41), new Point(200, 0.35)), curves.trainingLoss());
    assertEquals(List.of(new Point(100, 2e-4), new Point(200, 1e-4)), curves.learningRate());
    assertEquals(List.of(new Point(200, 0.33)), curves.validationLoss());
    assertEquals(List.of(new Point(200, 0.86)), curves.validationAccuracy());
    assertEquals(List.of(new Point(200, 0.85)), curves.validationMacroF1());
  }

  @Test
  void read_noLog_isNoCurves() {
    assertEquals(LearningCurves.NONE, LearningCurvesFile.read(directory));
  }

  @Test
  void read_damagedLinesAndBytes_arePassedOver() throws IOException {
    Path log = directory.resolve("metrics.jsonl");
    Files.write(log, new byte[] {(byte) 0xff, (byte) 0xfe, '\n', '\n', '[', '1', ']', '\n'});
    Files.writeString(
        log,
        """
        {"step":1,"loss":NaN,"learning_rate":0.1}
        {"step":"2","loss":0.5}
        {"loss":0.5}
        {"step":3,"loss":"0.5"}
        {"step":4,"loss":0.25}
        {"step":5,"lo\
        """,
        StandardOpenOption.APPEND);
    LearningCurves curves = LearningCurvesFile.read(directory);
    assertEquals(List.of(new Point(4, 0.25)), curves.trainingLoss());
    assertEquals(List.of(new Point(1, 0.1)), curves.learningRate());
  }

  @Test
  void parse_stepTwice_countsTheLater() {
    LearningCurves curves =
        LearningCurvesFile.parse(
            """
            {"step":1,"loss":0.9}
            {"step":2,"loss":0.8}
            {"step":2,"loss":0.7}
            """);
    assertEquals(List.of(new Point(1, 0.9), new Point(2, 0.7)), curves.trainingLoss());
  }
}
