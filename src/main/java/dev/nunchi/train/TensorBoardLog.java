package dev.nunchi.train;

import dev.nunchi.NunchiException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes event files for TensorBoard into the directory `runs`, under the tags that Hugging Face's
/// Trainer uses: `train/loss`, `train/learning_rate`, `train/grad_norm`, `train/epoch`,
/// `eval/loss`, `eval/accuracy`, `eval/macro_f1`, `eval/weighted_f1`, of a regression `eval/mae`
/// and so on.
///
/// `train/loss` is the mean over the texts of the steps since the one logged before. Every process
/// writes a file of its own; that of a resumed run tells TensorBoard to forget the steps that come
/// again, and that of a new run in an old directory to forget them all.
public final class TensorBoardLog implements TrainingListener {
  public static final String DIRECTORY_NAME = "runs";

  private final Path directory;
  private final StepWindow window;
  private final InstantSource clock;
  private @Nullable EventFile file;
  private long firstStep;

  /// @param output directory in which `runs` lies; made where it does not exist
  /// @param loggingSteps steps from one logged step to the next, 1 or more
  public TensorBoardLog(Path output, int loggingSteps) {
    this(output, loggingSteps, InstantSource.system());
  }

  TensorBoardLog(Path output, int loggingSteps, InstantSource clock) {
    this.directory = output.resolve(DIRECTORY_NAME);
    this.window = new StepWindow(loggingSteps, System::nanoTime);
    this.clock = clock;
  }

  @Override
  public void preparing(String stage) {}

  @Override
  public void planned(Plan plan) {}

  @Override
  public void resumed(Path checkpoint, long step) {
    firstStep = step + 1;
  }

  /// @throws NunchiException `IO_FAILURE` where the file cannot be written
  @Override
  public void stepped(Step step) {
    window
        .add(step)
        .ifPresent(summary -> {
          Map<String, Double> scalars = new LinkedHashMap<>();
          scalars.put("train/loss", summary.loss());
          scalars.put("train/learning_rate", summary.learningRate());
          scalars.put("train/grad_norm", summary.gradientNorm());
          scalars.put("train/epoch", summary.epoch());
          file().append(summary.step(), scalars);
        });
  }

  /// @throws NunchiException `IO_FAILURE` where the file cannot be written
  @Override
  public void evaluated(long step, Evaluation evaluation, boolean best) {
    Map<String, Double> scalars = new LinkedHashMap<>();
    evaluation.logged().forEach((name, value) -> scalars.put("eval/" + name, value));
    file().append(step, scalars);
  }

  @Override
  public void saved(Path directory) {}

  private EventFile file() {
    if (file == null) {
      file = EventFile.in(directory, host(), firstStep, clock);
    }
    return file;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return "localhost";
    }
  }
}
