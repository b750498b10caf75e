package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRunTest {
  private static final String TINY =
      """
      tokenizer_vocab_size: 400
      max_length: 24
      model_config:
        model_type: electra
        embedding_size: 16
        hidden_size: 32
        num_hidden_layers: 1
        num_attention_heads: 2
        intermediate_size: 64
        max_position_embeddings: 24
        type_vocab_size: 1
        hidden_dropout_prob: 0.0
        attention_probs_dropout_prob: 0.0
      learning_rate: 5.0e-3
      num_train_epochs: 6
      tokens_per_batch: 256
      warmup_ratio: 0.1
      label_mapping: 0=부정,1=긍정
      labels: {부정: -1, 긍정: 1}
      threads: 1
      """;

  @TempDir private Path directory;
  private Path data = Path.of("");

  @BeforeEach
  void writeTexts() throws IOException {
    data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("train.tsv"), reviews(400, 1));
    Files.writeString(data.resolve("validation.tsv"), reviews(100, 2));
  }

  @Test
  void run_fromScratch_learnsAndWritesACompleteCheckpoint() throws IOException {
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    run(recipe(TINY), output, watcher, new StopSignal());
    assertTrue(watcher.bestAccuracy > 0.95, "accuracy " + watcher.bestAccuracy);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(output)) {
      checkpoint.requireComplete();
      assertEquals(List.of("부정", "긍정"), checkpoint.labels().names());
      Manifest manifest = checkpoint.manifest().orElseThrow();
      assertEquals(Normalization.STANDARD, manifest.normalization());
      assertEquals(watcher.bestAccuracy, manifest.quality().get("validation_accuracy"));
      assertEquals(ProbeTexts.ALL.size(), Objects.requireNonNull(manifest.probe()).cases().size());
      assertEquals(1, manifest.labels().get(1).polarity().orElseThrow());
    }
    assertTrue(Files.readString(output.resolve("README.md")).contains("부정 (-1), 긍정 (+1)"));
    assertTrue(Files.readString(output.resolve("recipe.yaml")).contains("learning_rate: 0.005"));
    assertEquals(List.of("data", "made", "recipe.yaml"), names(directory));
  }

  @Test
  void run_sameSeed_givesTheSameWeights() throws IOException {
    Recipe recipe = recipe(TINY + "max_steps: 12\n");
    run(recipe, directory.resolve("first"), new Watcher(), new StopSignal());
    run(recipe, directory.resolve("second"), new Watcher(), new StopSignal());
    assertEquals(
        -1,
        Files.mismatch(
            directory.resolve("first/model.safetensors"),
            directory.resolve("second/model.safetensors")));
  }

  @Test
  void run_fromCheckpointWithOtherLabels_getsANewHeadAndKeepsTheRest() throws IOException {
    run(recipe(TINY), directory.resolve("base"), new Watcher(), new StopSignal());
    Files.writeString(
        data.resolve("train.tsv"),
        reviews(400, 3).replace("\t0\n", "\t별로\n").replace("\t1\n", "\t최고\n")
            + "x1\t그저 그래요\t보통\n".repeat(40));
    Files.delete(data.resolve("validation.tsv"));
    Watcher watcher = new Watcher();
    Recipe recipe =
        recipe(
            """
            model_name_or_path: %s
            max_length: 24
            learning_rate: 5.0e-3
            tokens_per_batch: 256
            num_train_epochs: 6
            validation_share: 0.1
            threads: 1
            """
                .formatted(directory.resolve("base")));
    run(recipe, directory.resolve("made"), watcher, new StopSignal());
    assertEquals(4, watcher.freshParameters, "classifier.dense and classifier.out_proj");
    assertTrue(watcher.bestAccuracy > 0.9, "accuracy " + watcher.bestAccuracy);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory.resolve("made"))) {
      assertEquals(LabelSet.of("별로", "보통", "최고"), checkpoint.labels());
      assertEquals(Normalization.STANDARD, checkpoint.manifest().orElseThrow().normalization());
    }
  }

  @Test
  void run_stopped_endsAfterTheStepAndKeepsTheBest() throws IOException {
    StopSignal stop = new StopSignal();
    Watcher watcher = new Watcher();
    watcher.afterSave = stop::request;
    run(recipe(TINY + "eval_steps: 3\n"), directory.resolve("made"), watcher, stop);
    assertEquals(3, watcher.steps);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory.resolve("made"))) {
      checkpoint.requireComplete();
    }
  }

  @Test
  void run_moreLengthThanPositions_isRefusedBeforeTraining() throws IOException {
    Recipe recipe = recipe(TINY.replace("max_length: 24", "max_length: 25"));
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () -> run(recipe, directory.resolve("made"), new Watcher(), new StopSignal()));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    assertFalse(Files.exists(directory.resolve("made")));
  }

  @Test
  void run_labelOutsideTheSet_namesFileAndLine() throws IOException {
    Files.writeString(data.resolve("train.tsv"), reviews(3, 1) + "x\t좋네요\t2\n");
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () -> run(recipe(TINY), directory.resolve("made"), new Watcher(), new StopSignal()));
    assertEquals(Reason.INVALID_DATA, failure.reason());
    assertTrue(failure.getMessage().contains("train.tsv, line 5"), failure.getMessage());
  }

  @Test
  void run_lossNoLongerANumber_stopsAndNamesTheStep() throws IOException {
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () ->
                run(
                    recipe(TINY.replace("learning_rate: 5.0e-3", "learning_rate: 1.0e+30")),
                    directory.resolve("made"),
                    new Watcher(),
                    new StopSignal()));
    assertEquals(Reason.FAILED_CHECK, failure.reason());
    assertTrue(failure.getMessage().contains("step "), failure.getMessage());
  }

  private void run(Recipe recipe, Path output, TrainingListener listener, StopSignal stop) {
    new TrainingRun(recipe, data, output, listener).run(stop);
  }

  private Recipe recipe(String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("recipe.yaml"), yaml);
    return RecipeReader.read(file.toString(), Map.of());
  }

  /// Reviews whose label a few words decide.
  private static String reviews(int count, long seed) {
    List<String> good = List.of("정말 재미있어요", "최고의 영화", "감동이에요", "또 보고 싶어요");
    List<String> bad = List.of("너무 지루해요", "시간이 아까워요", "실망이에요", "다시는 안 봐요");
    List<String> filler = List.of("배우", "음악", "이야기", "장면", "어제", "친구랑", "극장에서");
    Random random = new Random(seed);
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < count; i++) {
      int label = i % 2;
      List<String> words = new ArrayList<>();
      for (int j = random.nextInt(5); j >= 0; j--) {
        words.add(filler.get(random.nextInt(filler.size())));
      }
      List<String> phrases = label == 1 ? good : bad;
      words.add(random.nextInt(words.size() + 1), phrases.get(random.nextInt(phrases.size())));
      rows.append("r%d_%d\t%s\t%d\n".formatted(seed, i, String.join(" ", words), label));
    }
    return rows.toString();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static final class Watcher implements TrainingListener {
    private double bestAccuracy;
    private int freshParameters;
    private long steps;
    private Runnable afterSave = () -> {};

    @Override
    public void preparing(String stage) {}

    @Override
    public void planned(Plan plan) {
      freshParameters = plan.freshParameters();
    }

    @Override
    public void stepped(Step step) {
      steps = step.step();
    }

    @Override
    public void evaluated(long step, Evaluation evaluation, boolean best) {
      if (best) {
        bestAccuracy = evaluation.value(BestMetric.ACCURACY);
      }
    }

    @Override
    public void saved(Path directory) {
      afterSave.run();
    }
  }
}
