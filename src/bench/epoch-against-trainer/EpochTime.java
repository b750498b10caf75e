import dev.nunchi.train.Evaluation;
import dev.nunchi.train.RecipeReader;
import dev.nunchi.train.StopSignal;
import dev.nunchi.train.TrainingListener;
import dev.nunchi.train.TrainingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// Trains the checkpoint that `trainer.py` prepared for one epoch, as `nunchi train` does, and
/// prints texts, seconds, steps and the share of padding.
///
/// Arguments: work directory, threads, type (fp32 or bf16), rank of adapters on all linear layers
/// (0 for all weights).
public final class EpochTime implements TrainingListener {
  private int texts;
  private long start;
  private long end;
  private long steps;
  private long tokens;
  private double places;

  public static void main(String[] args) throws Exception {
    Path work = Path.of(args[0]);
    Path recipe =
        Files.writeString(
            work.resolve("recipe.yaml"),
            """
            model_name_or_path: %s
            num_train_epochs: 1
            normalization: none
            truncation: keep_head
            """
                    .formatted(work.resolve("checkpoint"))
                + lora(args[3]));
    EpochTime time = new EpochTime();
    new TrainingRun(
            RecipeReader.read(
                recipe.toString(),
                Map.of("threads", args[1], "bf16", String.valueOf(args[2].equals("bf16")))),
            work.resolve("data"),
            work.resolve("ours-" + args[2]),
            TrainingRun.Mode.OVERWRITE,
            time)
        .run(new StopSignal());
    System.out.printf(
        Locale.ROOT,
        "%d %.3f %d %.4f%n",
        time.texts,
        (time.end - time.start) / 1e9,
        time.steps,
        1 - time.tokens / time.places);
  }

  private static String lora(String rank) {
    return rank.equals("0")
        ? ""
        : "lora: {r: %s, lora_alpha: %d, lora_dropout: 0.05, target_modules: all-linear}\n"
            .formatted(rank, 2 * Integer.parseInt(rank));
  }

  @Override
  public void preparing(String stage) {}

  @Override
  public void planned(Plan plan) {
    texts = plan.trainExamples();
    start = System.nanoTime();
  }

  @Override
  public void stepped(Step step) {
    end = System.nanoTime();
    steps = step.step();
    tokens += step.tokens();
    places += step.tokens() / (1 - step.paddingShare());
  }

  @Override
  public void evaluated(long step, Evaluation evaluation, boolean best) {}

  @Override
  public void saved(Path directory) {}
}
