package dev.nunchi.cli;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.ExitCleanUp;
import dev.nunchi.torch.ComputeDevice;
import dev.nunchi.train.MetricsLog;
import dev.nunchi.train.Recipe;
import dev.nunchi.train.RecipeReader;
import dev.nunchi.train.RunModels;
import dev.nunchi.train.SeedResults;
import dev.nunchi.train.SeedRuns;
import dev.nunchi.train.StopSignal;
import dev.nunchi.train.TensorBoardLog;
import dev.nunchi.train.TrainingListener;
import dev.nunchi.train.TrainingListeners;
import dev.nunchi.train.TrainingRun;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `train`: runs a recipe over labelled texts and writes the best checkpoint.
@Command(
    name = "train",
    description = "Fine-tunes a classifier, or trains a small one from scratch, on labelled texts.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi train --recipe ngrams --data reviews --output my-model",
      "  nunchi train --recipe my-recipe.yaml --data reviews --output my-model --set bf16=true",
      "  nunchi train --recipe youtube3-gemma2-lora --data videos --output my-youtube3 \\",
      "      --set model_name_or_path=ko-gemma-2-9b-it",
      "  nunchi train --recipe ngrams --data reviews --output my-ngrams --teacher my-checkpoint",
      "",
      "A recipe is a YAML file of settings. Built-in ones are ngrams, a linear model of character",
      "n-grams for your own texts (minutes); three-class-bert, which fine-tunes a published"
          + " encoder",
      "of BERT's size to negative, neutral and positive; and those of the built-in models:",
      "nsmc-stars and then nsmc-small, movie3-stars and then movie3-small (three classes),"
          + " e5-stars",
      "and then e5-nsmc (a small encoder, for a GPU), and nsmc-cnn (small convolutions, which such"
          + " an",
      "encoder teaches). e5-movie3 trains that encoder for three classes; bert-stars and then"
          + " bert-small",
      "are a transformer from scratch, half an hour. Those of decoders are",
      "nsmc-llama3 (Llama 3 8B, labels 0 and 1), emotion4-gemma2-qlora (Gemma 2 2B in 4 bits; 무감정,",
      "슬픔, 기쁨, 분노), youtube3-gemma2-lora (a Korean Gemma 2 of 9 billion parameters; a comment, its",
      "video's summary in the column summary, and 긍정, 중립 or 부정) and gemma3-270m-lora (Gemma 3 270M",
      "on a laptop, labels of your own). DIR of --data holds train,",
      "validation and test as .tsv, .csv or .jsonl, also .gz (or a table as .txt, and dev, val or",
      "valid for validation); rows without a text are left out; test is never read. The output is",
      "a Hugging Face directory: evaluate it, export it, or go on from it. With lora in the recipe,"
          + " or",
      "--set lora.r=8, the weights stay and adapters are trained; the output is a PEFT directory.",
      "Ctrl-C ends the step, saves a checkpoint and exits; the same command with --resume goes on",
      "as if nothing had happened."
    })
final class TrainCommand implements Callable<Integer> {
  private static final String TEACHER = "teacher";
  private static final String DEVICE = "device";

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--recipe",
      required = true,
      paramLabel = "NAME|FILE",
      description = "Built-in recipe or a YAML file.")
  private String recipe = "";

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Directory with the labelled texts.")
  private Path data = Path.of("");

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Directory to write: the model, and checkpoint-STEP directories to go on from.")
  private Path output = Path.of("");

  @Option(
      names = "--teacher",
      paramLabel = "DIR|NAME",
      description =
          "A model to learn from beside the labels, the recipe's key teacher: any with the same"
              + " labels, exported, a checkpoint or an adapter. It also answers the texts of"
              + " DIR/unlabelled.tsv, which need no label; its scores are computed once and kept in"
              + " the output. distillation_temperature and distillation_alpha say how much it"
              + " counts.")
  private @Nullable String teacher;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Sets a key of the recipe, as bf16=true or lora.r=16; may be given several times.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda",
      description =
          "What it is trained on, the recipe's key device (default: auto, a GPU where one can be"
              + " used).")
  private @Nullable ComputeDevice device;

  @Option(
      names = "--seeds",
      paramLabel = "N,…",
      split = ",",
      description =
          "Trains once under each seed, in OUTPUT/seed-N, and prints the validation figures with"
              + " their mean and standard deviation, and which seed is the best; seeds.json in the"
              + " output has them too. With --resume, finished seeds stay as they are.")
  private List<Long> seeds = List.of();

  @ArgGroup(exclusive = true)
  private Existing existing = new Existing();

  @Option(
      names = "--dry-run",
      description =
          "Prints the recipe with every key, what would be trained, the number of steps and the"
              + " memory it would take, and ends; with --resume or --overwrite too. Refuses what"
              + " the training would refuse, and writes nothing.")
  private boolean dryRun;

  /// What is done about an earlier run in the output directory.
  private static final class Existing {
    @Option(
        names = "--resume",
        description =
            "Goes on from the newest whole checkpoint of the output, with the same recipe and"
                + " texts; begins where there is none yet.")
    private boolean resume;

    @Option(
        names = "--overwrite",
        description =
            "Begins anew, removes the checkpoints of an earlier run and replaces its model; what"
                + " nunchi did not write, or was changed since, stays.")
    private boolean overwrite;

    TrainingRun.Mode mode() {
      if (resume) {
        return TrainingRun.Mode.RESUME;
      }
      return overwrite ? TrainingRun.Mode.OVERWRITE : TrainingRun.Mode.START;
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!seeds.isEmpty() && settings.containsKey("seed")) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(),
          "--seeds and --set seed=%s both say the seed; give one".formatted(settings.get("seed")));
    }
    if (teacher != null) {
      if (settings.containsKey(TEACHER)) {
        throw new ParameterException(
            Objects.requireNonNull(spec).commandLine(),
            "--teacher and --set teacher=%s both name the teacher; give one"
                .formatted(settings.get(TEACHER)));
      }
      // A path, whatever YAML would make of it.
      settings.put(TEACHER, TextNode.valueOf(teacher).toString());
    }
    if (device != null) {
      String named = device.name().toLowerCase(Locale.ROOT);
      if (settings.containsKey(DEVICE)) {
        throw new ParameterException(
            Objects.requireNonNull(spec).commandLine(),
            "--device %s and --set device=%s both say the device; give one"
                .formatted(named, settings.get(DEVICE)));
      }
      settings.put(DEVICE, named);
    }
    Recipe resolved = RecipeReader.read(recipe, settings);
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    if (dryRun) {
      spec.commandLine().getOut().print(RecipeReader.write(resolved));
    }
    StopSignal stop = new StopSignal();
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook = new Thread(() -> stopAndWait(stop, ended, err), "stop-training");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      RunModels models = models(resolved);
      if (seeds.isEmpty()) {
        run(resolved, models, stop, err);
      } else {
        run(new SeedRuns(resolved, data, output, seeds, existing.mode(), models), stop, err);
      }
    } finally {
      ended.countDown();
    }
    return 0;
  }

  /// The models that a recipe names, which are pulled where they are not here.
  private RunModels models(Recipe resolved) {
    CommandSpec command = Objects.requireNonNull(spec);
    BaseModels bases = ModelArgument.bases(command);
    @Nullable String base = resolved.start().modelNameOrPath();
    @Nullable String taught = resolved.distillation().teacher();
    return new RunModels(
        base == null ? null : new ModelArgument(base).directory(command),
        bases,
        taught == null
            ? null
            : new RunModels.KeptTeacher(
                TeacherModel.of(
                    new ModelArgument(taught).directory(command),
                    resolved.watch().device() == ComputeDevice.CPU ? Device.CPU : Device.AUTO,
                    bases),
                output));
  }

  private void run(Recipe resolved, RunModels models, StopSignal stop, PrintWriter err) {
    TrainingRun run =
        new TrainingRun(
            resolved, data, output, existing.mode(), listeners(resolved, output, err), models);
    if (dryRun) {
      run.dryRun(stop);
    } else {
      run.run(stop);
    }
  }

  private void run(SeedRuns runs, StopSignal stop, PrintWriter err) {
    if (dryRun) {
      runs.dryRun(listeners(runs.recipe(), output, err), stop);
      err.printf("and that %d times, once under each of the seeds %s%n", seeds.size(), seeds);
      return;
    }
    SeedResults results =
        runs.run(
            (seed, directory) -> {
              err.printf("Seed %d (%d of %d)%n", seed, seeds.indexOf(seed) + 1, seeds.size());
              return listeners(runs.recipe(), directory, err);
            },
            stop,
            note -> err.println("Note: " + note));
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    out.print(new SeedTable(results).text());
    out.flush();
    if (results.seeds().size() < seeds.size()) {
      err.println("Next: the same command with --resume goes on from here");
    }
  }

  private TrainingListener listeners(Recipe resolved, Path directory, PrintWriter err) {
    int every = resolved.watch().loggingSteps();
    return new TrainingListeners(
        List.of(
            new TrainingProgress(err, data, directory),
            new MetricsLog(directory, every),
            new TensorBoardLog(directory, every)));
  }

  /// Holds the exit of the process until the step that runs has ended: libtorch must not be torn
  /// down inside it. Before the first step there is nothing to hold it for.
  private static void stopAndWait(StopSignal stop, CountDownLatch ended, PrintWriter err) {
    if (ended.getCount() == 0) {
      return;
    }
    if (!stop.request()) {
      ExitCleanUp.run();
      return;
    }
    err.println("\nStopping after this step …");
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
