package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.model.ManifestFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class SeedRunsTest {
  private static final String RECIPE =
      """
      tokenizer_type: characters
      max_length: 64
      model_config:
        model_type: ngram_linear
        ngram_buckets: 1024
        ngram_max: 3
        max_position_embeddings: 64
      optim: adagrad
      learning_rate: 0.02
      num_train_epochs: 2
      tokens_per_batch: 512
      word_dropout: 0.3
      label_mapping: 0=부정,1=긍정
      threads: 1
      """;
  private static final List<Long> SEEDS = List.of(42L, 1L, 2L);

  @TempDir private Path directory;
  private Path data = Path.of("");
  private Recipe recipe = RecipeReader.read("ngrams", Map.of());

  @BeforeEach
  void writeTexts() throws IOException {
    data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(200, 1));
    Files.writeString(data.resolve("validation.tsv"), Reviews.tsv(60, 2));
    recipe =
        RecipeReader.read(
            Files.writeString(directory.resolve("recipe.yaml"), RECIPE).toString(), Map.of());
  }

  @Test
  void run_threeSeeds_tellsMeanDeviationAndTheBest() throws IOException {
    Path output = directory.resolve("runs");
    SeedResults results = run(output, TrainingRun.Mode.START, new StopSignal(), new Seeds());
    assertEquals(SEEDS, results.seeds().stream().map(SeedResults.OfSeed::seed).toList());
    assertEquals("accuracy", results.names().getFirst());
    double[] losses = new double[3];
    for (int i = 0; i < 3; i++) {
      Path model = output.resolve("seed-" + SEEDS.get(i));
      losses[i] =
          ManifestFile.read(model)
              .orElseThrow()
              .origin()
              .quality()
              .getOrDefault("validation_loss", Double.NaN);
      assertEquals("runs-seed-" + SEEDS.get(i), ManifestFile.read(model).orElseThrow().name());
      assertTrue(Files.readString(model.resolve("recipe.yaml")).contains("seed: " + SEEDS.get(i)));
    }
    double mean = (losses[0] + losses[1] + losses[2]) / 3;
    double squares = 0;
    for (double loss : losses) {
      squares += (loss - mean) * (loss - mean);
    }
    JsonNode json = new ObjectMapper().readTree(output.resolve("seeds.json").toFile());
    assertEquals(mean, json.get("mean").get("loss").doubleValue(), 1e-15);
    double deviation = json.get("standard_deviation").get("loss").doubleValue();
    assertEquals(Math.sqrt(squares / 2), deviation, 1e-15);
    assertTrue(deviation > 0);
    assertEquals(3, json.get("seeds").size());
    assertEquals(
        results.best().orElseThrow().directory().getFileName().toString(),
        json.get("best_directory").textValue());
  }

  @Test
  void run_stoppedInTheSecondSeedAndResumed_losesNothing() throws IOException {
    Path whole = directory.resolve("whole");
    run(whole, TrainingRun.Mode.START, new StopSignal(), new Seeds());
    Path output = directory.resolve("runs");
    StopSignal stop = new StopSignal();
    SeedResults stopped = run(output, TrainingRun.Mode.START, stop, new Seeds(1, 5, stop));
    assertEquals(List.of(42L), stopped.seeds().stream().map(SeedResults.OfSeed::seed).toList());
    assertFalse(Files.exists(output.resolve("seed-2")));
    assertTrue(
        assertThrows(
                NunchiException.class,
                () -> run(output, TrainingRun.Mode.START, new StopSignal(), new Seeds()))
            .getMessage()
            .contains("--resume goes on with them"));
    FileTime first = Files.getLastModifiedTime(output.resolve("seed-42/model.safetensors"));
    Seeds steps = new Seeds();
    SeedResults results = run(output, TrainingRun.Mode.RESUME, new StopSignal(), steps);
    assertEquals(3, results.seeds().size());
    assertEquals(List.of(1L, 2L), steps.begun);
    assertEquals(first, Files.getLastModifiedTime(output.resolve("seed-42/model.safetensors")));
    for (long seed : SEEDS) {
      String model = "seed-%d/model.safetensors".formatted(seed);
      assertEquals(-1, Files.mismatch(whole.resolve(model), output.resolve(model)), model);
    }
  }

  @Test
  void run_overwritingInterruptedAndResumed_hasNoModelOfTheTrainingBefore() throws IOException {
    Path output = directory.resolve("runs");
    run(output, TrainingRun.Mode.START, new StopSignal(), new Seeds());
    StopSignal stop = new StopSignal();
    SeedResults stopped = run(output, TrainingRun.Mode.OVERWRITE, stop, new Seeds(42, 5, stop));
    assertEquals(List.of(), stopped.seeds());
    Seeds resumed = new Seeds();
    run(output, TrainingRun.Mode.RESUME, new StopSignal(), resumed);
    assertEquals(SEEDS, resumed.begun);
  }

  @Test
  void run_anotherRecipeResumed_isRefused() {
    Path output = directory.resolve("runs");
    new SeedRuns(recipe, data, output, List.of(42L), TrainingRun.Mode.START)
        .run(new Seeds()::of, new StopSignal(), note -> {});
    recipe =
        RecipeReader.read(
            directory.resolve("recipe.yaml").toString(), Map.of("learning_rate", "0.1"));
    assertTrue(
        assertThrows(
                NunchiException.class,
                () -> run(output, TrainingRun.Mode.RESUME, new StopSignal(), new Seeds()))
            .getMessage()
            .startsWith("learning_rate is 0.1"));
  }

  @Test
  void run_somethingInTheWayOfTheLastSeed_isRefusedBeforeTheFirst() throws IOException {
    Path output = directory.resolve("runs");
    Files.createDirectories(output.resolve("seed-2"));
    Files.writeString(output.resolve("seed-2/config.json"), "{}");
    assertThrows(
        NunchiException.class,
        () -> run(output, TrainingRun.Mode.START, new StopSignal(), new Seeds()));
    assertFalse(Files.exists(output.resolve("seed-42")));
    Path other = Files.createDirectory(directory.resolve("other"));
    Files.writeString(other.resolve("seeds.json"), "mine");
    assertThrows(
        NunchiException.class,
        () -> run(other, TrainingRun.Mode.OVERWRITE, new StopSignal(), new Seeds()));
    assertEquals("mine", Files.readString(other.resolve("seeds.json")));
  }

  @Test
  void new_seedTwice_isRefused() {
    assertThrows(
        NunchiException.class,
        () -> new SeedRuns(recipe, data, directory, List.of(1L, 1L), TrainingRun.Mode.START));
  }

  @Test
  void run_noValidationFile_saysThatTheSplitDiffers() throws IOException {
    Files.delete(data.resolve("validation.tsv"));
    List<String> notes = new ArrayList<>();
    new SeedRuns(recipe, data, directory.resolve("runs"), List.of(7L), TrainingRun.Mode.START)
        .run(new Seeds()::of, new StopSignal(), notes::add);
    assertTrue(notes.getFirst().contains("holds out texts of its own"), notes::toString);
  }

  @Test
  void best_lowerIsBetter_isTheLowest() {
    SeedResults results =
        new SeedResults(
            BestMetric.MAE,
            List.of(
                new SeedResults.OfSeed(1, Path.of("a"), Map.of("mae", 0.5)),
                new SeedResults.OfSeed(2, Path.of("b"), Map.of("mae", 0.25)),
                new SeedResults.OfSeed(3, Path.of("c"), Map.of("mae", 0.25))));
    assertEquals(2, results.best().orElseThrow().seed());
    assertEquals(OptionalDouble.empty(), results.mean("rmse"));
    assertEquals(
        OptionalDouble.empty(),
        new SeedResults(BestMetric.MAE, results.seeds().subList(0, 1)).standardDeviation("mae"));
  }

  private SeedResults run(Path output, TrainingRun.Mode mode, StopSignal stop, Seeds steps) {
    return new SeedRuns(recipe, data, output, SEEDS, mode).run(steps::of, stop, note -> {});
  }

  /// Which seeds began; asks to stop in one of them.
  private static final class Seeds {
    private final List<Long> begun = new ArrayList<>();
    private final long stopSeed;
    private final long stopStep;
    private final StopSignal stop;

    Seeds() {
      this(-1, -1, new StopSignal());
    }

    Seeds(long stopSeed, long stopStep, StopSignal stop) {
      this.stopSeed = stopSeed;
      this.stopStep = stopStep;
      this.stop = stop;
    }

    TrainingListener of(long seed, Path unused) {
      begun.add(seed);
      return new TrainingListener() {
        @Override
        public void preparing(String stage) {}

        @Override
        public void planned(Plan plan) {}

        @Override
        public void stepped(Step step) {
          if (seed == stopSeed && step.step() == stopStep) {
            stop.request();
          }
        }

        @Override
        public void evaluated(long step, Evaluation evaluation, boolean best) {}

        @Override
        public void saved(Path directory) {}
      };
    }
  }
}
