package dev.nunchi.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.eval.LearningCurves;
import dev.nunchi.eval.LearningCurves.Point;
import dev.nunchi.train.MetricsLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// The log of a training, `metrics.jsonl`: a JSON object a line with `step` and figures under the
/// names of Hugging Face's Trainer, those of an evaluation with `eval_`.
///
/// It is read for a picture, so a line that is damaged is passed over. Of two lines with the same
/// step the later one counts: a training that was resumed went through the step again.
final class LearningCurvesFile {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private final List<JsonNode> lines = new ArrayList<>();

  private LearningCurvesFile() {}

  /// The curves in a model directory; none where it has no log.
  static LearningCurves read(Path directory) {
    Path file = directory.resolve(MetricsLog.FILE_NAME);
    if (!Files.isRegularFile(file)) {
      return LearningCurves.NONE;
    }
    try {
      return parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  static LearningCurves parse(String text) {
    LearningCurvesFile file = new LearningCurvesFile();
    text.lines().forEach(file::add);
    return new LearningCurves(
        file.curve("loss"),
        file.curve("eval_loss"),
        file.curve("eval_accuracy"),
        file.curve("eval_macro_f1"),
        file.curve("learning_rate"));
  }

  private void add(String line) {
    try {
      lines.add(MAPPER.readTree(line));
    } catch (JsonProcessingException e) {
      // The last line of a run that was killed is often half a line.
    }
  }

  private List<Point> curve(String name) {
    TreeMap<Double, Double> values = new TreeMap<>();
    for (JsonNode line : lines) {
      JsonNode step = line.path("step");
      JsonNode value = line.path(name);
      if (step.isNumber() && value.isNumber() && Double.isFinite(value.doubleValue())) {
        values.put(step.doubleValue(), value.doubleValue());
      }
    }
    return values.entrySet().stream()
        .map(entry -> new Point(entry.getKey(), entry.getValue()))
        .toList();
  }
}
