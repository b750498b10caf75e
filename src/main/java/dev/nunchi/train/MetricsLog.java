package dev.nunchi.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongSupplier;

/// Writes `metrics.jsonl`: a JSON object a line, for each logged step and each evaluation, in
/// order.
///
/// The names are those of Hugging Face's log history where it has them:
///
/// | line | keys |
/// | --- | --- |
/// | a logged step | `step`, `epoch`, `loss`, `learning_rate`, `gradient_norm`, `tokens`, `padding_share`, `tokens_per_second` |
/// | an evaluation | `step`, `epoch`, `eval_loss`, `eval_accuracy`, `eval_macro_f1`, `eval_weighted_f1`; of a regression `eval_loss`, `eval_mae`, `eval_rmse`, `eval_pearson`, `eval_spearman` |
///
/// `loss`, `tokens` and the two after it are over the steps since the line before. What is not a
/// number stands as `null`. The file is open only while a line is written, so that its directory
/// may be replaced between two steps, and a line is written at once, so that a process that is
/// killed leaves at most one torn line, the last.
///
/// A new run begins the file anew; a resumed one drops the torn line and those of later steps, and
/// appends.
public final class MetricsLog implements TrainingListener {
  public static final String FILE_NAME = "metrics.jsonl";

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final ObjectReader READER =
      MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path output;
  private final Path file;
  private final StepWindow window;
  private boolean begun;
  private double epoch;

  /// @param output directory of the file; made where it does not exist
  /// @param loggingSteps steps from one line to the next, 1 or more
  public MetricsLog(Path output, int loggingSteps) {
    this(output, loggingSteps, System::nanoTime);
  }

  MetricsLog(Path output, int loggingSteps, LongSupplier nanoTime) {
    this.output = output;
    this.file = output.resolve(FILE_NAME);
    this.window = new StepWindow(loggingSteps, nanoTime);
  }

  @Override
  public void preparing(String stage) {}

  @Override
  public void planned(Plan plan) {
    window.restartClock();
  }

  /// Drops the lines of later steps.
  ///
  /// @throws NunchiException `IO_FAILURE` where the file cannot be read or written
  @Override
  public void resumed(Path checkpoint, long step) {
    begun = true;
    if (Files.exists(file)) {
      rewrite(step);
    }
    window.restartClock();
  }

  /// @throws NunchiException `IO_FAILURE` where the file cannot be written
  @Override
  public void stepped(Step step) {
    epoch = step.epoch();
    window
        .add(step)
        .ifPresent(summary -> {
          ObjectNode line = line(summary.step(), summary.epoch());
          put(line, "loss", summary.loss());
          put(line, "learning_rate", summary.learningRate());
          put(line, "gradient_norm", summary.gradientNorm());
          line.put("tokens", summary.tokens());
          put(line, "padding_share", summary.paddingShare());
          put(line, "tokens_per_second", summary.tokensPerSecond());
          append(line);
        });
  }

  /// @throws NunchiException `IO_FAILURE` where the file cannot be written
  @Override
  public void evaluated(long step, Evaluation evaluation, boolean best) {
    ObjectNode line = line(step, epoch);
    evaluation.logged().forEach((name, value) -> put(line, "eval_" + name, value));
    append(line);
    window.restartClock();
  }

  @Override
  public void saved(Path directory) {
    window.restartClock();
  }

  private static ObjectNode line(long step, double epoch) {
    ObjectNode line = MAPPER.createObjectNode();
    line.put("step", step);
    put(line, "epoch", epoch);
    return line;
  }

  private static void put(ObjectNode line, String key, double value) {
    if (Double.isFinite(value)) {
      line.put(key, value);
    } else {
      line.putNull(key);
    }
  }

  private void append(ObjectNode line) {
    try {
      Files.createDirectories(output);
      Files.writeString(
          file,
          MAPPER.writeValueAsString(line) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          begun ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING);
      begun = true;
    } catch (IOException e) {
      throw DurableFiles.notWritten(file, e);
    }
  }

  private void rewrite(long step) {
    try {
      StringBuilder kept = new StringBuilder();
      new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> isWholeAndNotAfter(step, line))
          .forEach(line -> kept.append(line).append('\n'));
      DurableFiles.write(file, kept.toString());
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  /// Whether a file holds nothing but lines that this class wrote; the last one may be torn.
  static boolean isLog(Path file) {
    try {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      String torn = text.substring(whole.length());
      return (torn.isEmpty() || torn.startsWith("{\"step\"") || "{\"step\"".startsWith(torn))
          && whole.lines().allMatch(MetricsLog::isLine);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  private static boolean isLine(String line) {
    try {
      JsonNode json = READER.readTree(line);
      return json.path("step").isIntegralNumber()
          && json.has("epoch")
          && (json.has("padding_share") || json.has("eval_loss"));
    } catch (JsonProcessingException _) {
      return false;
    }
  }

  private static boolean isWholeAndNotAfter(long step, String line) {
    try {
      return READER.readTree(line) instanceof ObjectNode object
          && object.path("step").isIntegralNumber()
          && object.path("step").asLong() <= step;
    } catch (JsonProcessingException _) {
      return false;
    }
  }
}
