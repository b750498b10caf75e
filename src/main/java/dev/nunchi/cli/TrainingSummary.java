package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.data.DataDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.train.Evaluation;
import dev.nunchi.train.MetricsLog;
import dev.nunchi.train.TensorBoardLog;
import dev.nunchi.train.TrainingListener.Ending;
import dev.nunchi.train.TrainingListener.Step;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a training run says at its end: how far it came, its best step, where things are, and the
/// commands that come next.
final class TrainingSummary {
  private final Path data;
  private final Path output;
  private long resumedStep;
  private @Nullable Step last;
  private double places;
  private long tokens;
  private @Nullable String best;

  /// @param data directory with the texts
  /// @param output directory that the run writes
  TrainingSummary(Path data, Path output) {
    this.data = data;
    this.output = output;
  }

  void resumed(long step) {
    resumedStep = step;
  }

  void stepped(Step step) {
    last = step;
    tokens += step.tokens();
    places += step.tokens() / (1 - step.paddingShare());
  }

  void evaluated(long step, Evaluation evaluation, boolean isBest) {
    if (isBest) {
      best = format("Best at step %,d: %s on validation", step, evaluation.summary());
    }
  }

  /// @param seconds that the process has trained, evaluations and saves included
  List<String> lines(Ending outcome, double seconds, StepRate rate) {
    List<String> lines = new ArrayList<>();
    boolean stopped = outcome.stopped();
    lines.add(course(stopped, seconds, rate));
    if (outcome.exhausted()) {
      lines.add("Ended early, as evaluations got no better for early_stopping_patience of them");
    }
    lines.add(best());
    boolean model = Files.exists(output.resolve(Manifest.FILE_NAME));
    if (model) {
      lines.add("The model is in %s".formatted(output));
    }
    if (Files.exists(output.resolve(MetricsLog.FILE_NAME))) {
      lines.add(
          "The figures of its steps are in %s".formatted(output.resolve(MetricsLog.FILE_NAME)));
    }
    if (Files.exists(output.resolve(TensorBoardLog.DIRECTORY_NAME))) {
      lines.add(
          "Curves: tensorboard --logdir " + quoted(output.resolve(TensorBoardLog.DIRECTORY_NAME)));
    }
    if (stopped) {
      lines.add("Next: the same command with --resume goes on from here");
    } else if (model) {
      lines.add("Next:");
      lines.add(
          "  nunchi evaluate --model %s --data %s --output %s"
              .formatted(quoted(output), testFile(), quoted(beside("-evaluation"))));
      lines.add(
          "  nunchi export --model %s --output %s"
              .formatted(quoted(output), quoted(beside("-onnx"))));
    }
    return lines;
  }

  private String course(boolean stopped, double seconds, StepRate rate) {
    if (last == null) {
      return "No step was done";
    }
    return format(
        "%s step %,d of %,d (epoch %.2f) in %s%s: %,d tokens, %,.0f tokens/s, padding %.1f %%",
        stopped ? "Stopped after" : "Finished",
        last.step(),
        last.totalSteps(),
        last.epoch(),
        ElapsedTime.shown(seconds),
        resumedStep == 0 ? "" : format(" since step %,d", resumedStep),
        tokens,
        rate.overallTokensPerSecond(),
        100 * (1 - tokens / places));
  }

  private String best() {
    if (best != null) {
      return best;
    }
    return resumedStep == 0
        ? "There was no evaluation, so no best step"
        : format("No evaluation since step %,d was better than those before", resumedStep);
  }

  private Path beside(String ending) {
    Path name = output.toAbsolutePath().normalize().getFileName();
    return output.resolveSibling(name + ending);
  }

  /// The test split, which training never reads.
  private String testFile() {
    try {
      return new DataDirectory(data).find("test").map(TrainingSummary::quoted).orElse("FILE");
    } catch (NunchiException _) {
      return "FILE";
    }
  }

  /// As one word of a shell.
  private static String quoted(Path path) {
    String word = path.toString();
    return word.matches("[\\p{L}\\p{N}_./+:@-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
