package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.ManifestFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs that learn from a teacher.
class TeacherRunTest {
  private static final String STUDENT =
      """
      tokenizer_type: characters
      tokenizer_min_frequency: 1
      max_length: 64
      model_config:
        model_type: ngram_linear
        ngram_buckets: 1024
        ngram_max: 3
        max_position_embeddings: 64
      optim: adagrad
      learning_rate: 0.2
      num_train_epochs: 3
      save_strategy: 'no'
      tokens_per_batch: 512
      word_dropout: 0.1
      threads: 1
      """;

  private static final String LABELS =
      "label_mapping: 0=부정,1=긍정\nlabels: {부정: -1, 긍정: 1}\nteacher: fake\n";

  /// Few texts, whose labels are all wrong.
  private static final String WRONG =
      Reviews.tsv(20, 1)
          .replace("\t1\n", "\tx\n")
          .replace("\t0\n", "\t1\n")
          .replace("\tx\n", "\t0\n");

  @TempDir private Path directory;
  private Path data = Path.of("");
  private Path output = Path.of("");
  private final FakeTeacher teacher = FakeTeacher.ofReviews("부정", "긍정");

  @BeforeEach
  void writeTexts() throws IOException {
    data = Files.createDirectory(directory.resolve("data"));
    output = directory.resolve("made");
    Files.writeString(data.resolve("train.tsv"), WRONG);
    Files.writeString(data.resolve("validation.tsv"), Reviews.tsv(100, 2));
    Files.writeString(
        data.resolve("unlabelled.tsv"), Reviews.tsv(300, 3).replaceAll("\t\\w+\n", "\n"));
  }

  @Test
  void run_textsWithoutLabels_learnsTheTeachersLabelsAgainstItsOwn() throws IOException {
    Watcher watcher = run(recipe(LABELS + "distillation_alpha: 0.9\n"), teacher, output);
    assertTrue(watcher.bestAccuracy > 0.95, "accuracy " + watcher.bestAccuracy);
    assertEquals(320, watcher.texts);
    assertEquals(different(watcher.teaching), watcher.missing);
    assertEquals(watcher.missing, teacher.asked.size(), "each different text once");
    Map<String, String> provenance = ManifestFile.read(output).orElseThrow().origin().provenance();
    assertEquals("fake", provenance.get("teacher"));
    assertEquals(teacher.description().revision(), provenance.get("teacher_revision"));
    assertEquals("2.0", provenance.get("distillation_temperature"));
    String card = Files.readString(output.resolve("README.md"));
    assertTrue(
        card.contains(
            "| taught by | fake (%s, licence CC0-1.0) |"
                .formatted(teacher.description().revision())),
        card);
    assertTrue(
        card.contains(
            "| taught how | temperature 2.0, weight 0.9 beside the labels, 320 texts, 300 of them"
                + " without a label |"),
        card);
    JsonNode report = new ObjectMapper().readTree(output.resolve("data_report.json").toFile());
    assertEquals("fake", report.get("teacher").get("name").textValue());
    assertEquals(2, report.get("teacher").get("distillation_temperature").doubleValue());
    JsonNode unlabelled = report.get("splits").get(1);
    assertEquals("unlabelled", unlabelled.get("name").textValue());
    assertEquals(300, unlabelled.get("unlabelled_rows").intValue());
  }

  private int different(@Nullable Teaching teaching) throws IOException {
    assertEquals(300, Objects.requireNonNull(teaching).unlabelled());
    HashSet<String> texts = new HashSet<>();
    for (String file : List.of("train.tsv", "unlabelled.tsv")) {
      Files.readAllLines(data.resolve(file)).stream()
          .skip(1)
          .forEach(row -> texts.add(row.split("\t", -1)[1]));
    }
    return texts.size();
  }

  @Test
  void run_labelsOfTheTeacherInAnotherOrder_areMatchedByName() throws IOException {
    FakeTeacher other = FakeTeacher.ofReviews("긍정", "부정");
    Watcher watcher = run(recipe(LABELS + "distillation_alpha: 1\n"), other, output);
    assertTrue(watcher.bestAccuracy > 0.95, "accuracy " + watcher.bestAccuracy);
  }

  @Test
  void run_otherLabelsOrProblemType_isRefusedBeforeAnyScore() throws IOException {
    assertRefused(
        FakeTeacher.ofReviews("부정", "중립", "긍정"),
        LABELS,
        "The labels of the teacher %s are 부정, 중립, 긍정 and those of the texts 부정, 긍정; a teacher"
            + " needs the same, in any order");
    assertRefused(
        new FakeTeacher(
            FakeTeacher.described("fake", ProblemType.REGRESSION, 1, "polarity"),
            text -> new float[1]),
        LABELS,
        "The teacher %s is of problem_type regression and the recipe of"
            + " single_label_classification; a teacher needs the recipe's");
    assertFalse(Files.exists(output));
  }

  private void assertRefused(FakeTeacher refused, String yaml, String sentence) {
    NunchiException failure =
        assertThrows(NunchiException.class, () -> run(recipe(yaml), refused, output));
    assertEquals(sentence.formatted(Path.of("teachers", "fake")), failure.getMessage());
    assertEquals(Reason.INVALID_ARGUMENT, failure.reason());
    assertEquals(0, refused.opened);
  }

  @Test
  void run_secondOverTheSameTexts_takesTheKeptScoresAndGivesTheSameWeights() throws IOException {
    run(recipe(LABELS), teacher, output);
    byte[] first = Files.readAllBytes(output.resolve("model.safetensors"));
    Path texts = data.resolve("unlabelled.tsv");
    String before = Files.readString(texts);
    Files.writeString(texts, before + "new\t새로 온 글 하나\n");
    assertEquals(1, dry(TrainingRun.Mode.OVERWRITE).missing);
    Files.writeString(texts, before);
    Watcher again = run(recipe(LABELS), teacher, output, TrainingRun.Mode.OVERWRITE, watcher());
    assertEquals(0, again.missing);
    assertEquals(1, teacher.opened);
    assertArrayEquals(first, Files.readAllBytes(output.resolve("model.safetensors")));
  }

  @Test
  void run_stoppedAndResumed_givesTheWeightsOfAnUninterruptedRun() throws IOException {
    String yaml = LABELS + "noise_share: 0.2\nmax_steps: 12\neval_steps: 6\n";
    Path whole = directory.resolve("whole");
    run(recipe(yaml), teacher, whole);
    StopSignal stop = new StopSignal();
    Watcher stopped = watcher();
    stopped.afterStep =
        step -> {
          if (step == 5) {
            stop.request();
          }
        };
    run(recipe(yaml), teacher, output, TrainingRun.Mode.START, stopped, stop);
    int opened = teacher.opened;
    FakeTeacher other =
        new FakeTeacher(
            FakeTeacher.described(
                "changed", ProblemType.SINGLE_LABEL_CLASSIFICATION, 1, "부정", "긍정"),
            text -> new float[2]);
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () -> run(recipe(yaml), other, output, TrainingRun.Mode.RESUME, watcher()));
    assertTrue(
        refused.getMessage().contains("is not the one that the run in"), refused.getMessage());
    run(recipe(yaml), teacher, output, TrainingRun.Mode.RESUME, watcher());
    assertEquals(opened, teacher.opened, "all scores are kept");
    assertEquals(
        -1,
        Files.mismatch(whole.resolve("model.safetensors"), output.resolve("model.safetensors")));
  }

  @Test
  void run_stoppedWhileScoring_keepsWhatIsScoredAndGoesOnFromThere() throws IOException {
    StopSignal stop = new StopSignal();
    AtomicInteger batches = new AtomicInteger();
    teacher.before =
        texts -> {
          if (batches.incrementAndGet() == 2) {
            assertTrue(stop.request(), "the process waits for the batch");
          }
        };
    Watcher stopped = watcher();
    run(recipe(LABELS), teacher, output, TrainingRun.Mode.START, stopped, stop);
    int scored = teacher.asked.size();
    assertTrue(scored >= 64 && scored < stopped.missing, scored + " texts");
    assertEquals(0, stopped.steps);
    assertTrue(
        stopped.warnings.getLast().contains("and the same command goes on from there"),
        stopped.warnings.toString());
    assertEquals(1, names(output).size(), names(output)::toString);
    teacher.before = texts -> {};
    Watcher second = run(recipe(LABELS), teacher, output);
    assertEquals(stopped.missing - scored, second.missing);
    assertEquals(stopped.missing, teacher.asked.size());
    Path whole = directory.resolve("whole");
    run(recipe(LABELS), teacher, whole);
    assertEquals(
        -1,
        Files.mismatch(whole.resolve("model.safetensors"), output.resolve("model.safetensors")));
  }

  @Test
  void run_teacherThatFailsOnAText_saysSoAndKeepsTheScoresBefore() throws IOException {
    AtomicInteger batches = new AtomicInteger();
    teacher.before =
        texts -> {
          if (batches.incrementAndGet() == 4) {
            throw new NunchiException(Reason.EMPTY_TEXT, "nothing is left of r3_7");
          }
        };
    Watcher failed = watcher();
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () -> run(recipe(LABELS), teacher, output, TrainingRun.Mode.START, failed));
    assertEquals("nothing is left of r3_7", failure.getMessage());
    teacher.before = texts -> {};
    Watcher second = run(recipe(LABELS), teacher, output);
    assertTrue(second.missing <= failed.missing - 96, "the rounds of one and two batches are kept");
  }

  @Test
  void run_dry_saysWhoTeachesAndWritesNothing() throws IOException {
    Watcher watcher = dry(TrainingRun.Mode.START);
    assertTrue(watcher.missing > 100);
    assertEquals(0, teacher.opened);
    assertFalse(Files.exists(output));
  }

  @Test
  void run_unlabelledTextsThatTrainAndValidationHave_warnOfTheLeakAlone() throws IOException {
    Files.writeString(
        data.resolve("unlabelled.tsv"),
        "document\tlabel\n"
            + "배우 정말 재미있어요\tunread\n"
            + Reviews.tsv(20, 1)
                .lines()
                .skip(1)
                .map(row -> row.split("\t", -1)[1] + "\t7\n")
                .collect(Collectors.joining())
            + Reviews.tsv(100, 2)
                .lines()
                .skip(1)
                .map(row -> row.split("\t", -1)[1] + "\t7\n")
                .collect(Collectors.joining()));
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(20, 1));
    Watcher watcher = run(recipe(LABELS + "max_steps: 1\n"), teacher, output);
    String warnings = watcher.warnings.toString();
    assertTrue(warnings.contains("Validation has texts of unlabelled in 100 of"), warnings);
    assertFalse(warnings.contains("two different labels"), warnings);
    assertFalse(warnings.contains("no row with the label"), warnings);
    assertFalse(warnings.contains("Unlabelled has texts of train"), warnings);
  }

  @Test
  void run_severalLabels_learnsThem() throws IOException {
    Files.writeString(data.resolve("train.tsv"), Reviews.severalLabels(8, 1));
    Files.writeString(data.resolve("validation.tsv"), Reviews.severalLabels(80, 2));
    Files.writeString(data.resolve("unlabelled.tsv"), Reviews.severalLabels(400, 3));
    FakeTeacher several =
        new FakeTeacher(
            FakeTeacher.described("fake", ProblemType.MULTI_LABEL_CLASSIFICATION, 1, "음악", "재미"),
            text -> new float[] {text.contains("노래") ? 5 : -5, text.contains("재미있어요") ? 5 : -5});
    Watcher watcher =
        run(
            recipe(
                """
                problem_type: multi_label_classification
                teacher: fake
                num_train_epochs: 12
                """),
            several,
            output);
    assertTrue(watcher.bestAccuracy > 0.8, "subset accuracy " + watcher.bestAccuracy);
  }

  @Test
  void run_regression_learnsTheTeachersValuesWithItsTemperature() throws IOException {
    for (String file : List.of("train.tsv", "validation.tsv")) {
      Files.writeString(
          data.resolve(file), Files.readString(data.resolve(file)).replace("\t0\n", "\t-1\n"));
    }
    // Half of the values; the temperature makes them whole.
    FakeTeacher values =
        new FakeTeacher(
            FakeTeacher.described("fake", ProblemType.REGRESSION, 0.5, "polarity"),
            text -> new float[] {text.matches(".*(재미|최고|감동|또 보고).*") ? 0.5f : -0.5f});
    Watcher watcher =
        run(
            recipe("problem_type: regression\nteacher: fake\ndistillation_alpha: 1\n"),
            values,
            output);
    assertTrue(watcher.lowestLoss < 0.1, "squared error " + watcher.lowestLoss);
  }

  @Test
  void run_severalSeeds_shareTheScores() throws IOException {
    Files.delete(data.resolve("validation.tsv"));
    Recipe recipe = recipe(LABELS + "max_steps: 2\nvalidation_share: 0.2\n");
    new SeedRuns(
            recipe,
            data,
            output,
            List.of(1L, 2L, 3L),
            TrainingRun.Mode.START,
            models(teacher, output))
        .run((seed, place) -> watcher(), new StopSignal(), note -> {});
    HashSet<String> once = new HashSet<>(teacher.asked);
    assertEquals(once.size(), teacher.asked.size());
    assertEquals(1, names(output).stream().filter(name -> name.endsWith(".dat")).count());
  }

  @Test
  void run_outputInsideTheTeacher_isRefused() throws IOException {
    Path place = Files.createDirectory(directory.resolve("teacher"));
    Teacher.Description known = teacher.description();
    FakeTeacher here =
        new FakeTeacher(
            new Teacher.Description(
                place,
                known.name(),
                known.revision(),
                known.license(),
                known.digest(),
                known.labels(),
                known.problemType(),
                1,
                false,
                24),
            text -> new float[2]);
    NunchiException refused =
        assertThrows(
            NunchiException.class, () -> run(recipe(LABELS), here, place.resolve("student")));
    assertTrue(refused.getMessage().contains("lie one in the other"), refused.getMessage());
  }

  @Test
  void run_unlabelledFileThatIsNotThere_isRefusedByName() throws IOException {
    Recipe recipe = recipe(LABELS + "unlabelled_file: more.tsv\n");
    NunchiException refused =
        assertThrows(NunchiException.class, () -> run(recipe, teacher, output));
    assertTrue(refused.getMessage().contains("more.tsv"), refused.getMessage());
    NunchiException without =
        assertThrows(
            NunchiException.class,
            () -> recipe(LABELS.replace("teacher: fake\n", "unlabelled_file: more.tsv\n")));
    assertEquals(
        "unlabelled_file holds texts for a teacher to answer; give teacher too",
        without.getMessage());
  }

  private Watcher run(Recipe recipe, FakeTeacher taught, Path place) {
    return run(recipe, taught, place, TrainingRun.Mode.START, watcher());
  }

  private Watcher run(
      Recipe recipe, FakeTeacher taught, Path place, TrainingRun.Mode mode, Watcher watcher) {
    return run(recipe, taught, place, mode, watcher, new StopSignal());
  }

  private Watcher run(
      Recipe recipe,
      FakeTeacher taught,
      Path place,
      TrainingRun.Mode mode,
      Watcher watcher,
      StopSignal stop) {
    new TrainingRun(recipe, data, place, mode, watcher, models(taught, place)).run(stop);
    return watcher;
  }

  private Watcher dry(TrainingRun.Mode mode) throws IOException {
    Watcher watcher = watcher();
    new TrainingRun(recipe(LABELS), data, output, mode, watcher, models(teacher, output))
        .dryRun(new StopSignal());
    return watcher;
  }

  private static RunModels models(Teacher teacher, Path place) {
    return new RunModels(null, BaseModels.NONE, new RunModels.KeptTeacher(teacher, place));
  }

  private Recipe recipe(String more) throws IOException {
    String given =
        more.contains("num_train_epochs") ? STUDENT.replace("num_train_epochs: 3\n", "") : STUDENT;
    Path file = Files.writeString(directory.resolve("recipe.yaml"), given + more);
    return RecipeReader.read(file.toString(), Map.of());
  }

  private static Watcher watcher() {
    return new Watcher();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static final class Watcher implements TrainingListener {
    private final List<String> warnings = new ArrayList<>();
    private @Nullable Teaching teaching;
    private int missing = -1;
    private int texts;
    private long steps;
    private double bestAccuracy;
    private double lowestLoss = Double.MAX_VALUE;
    private LongConsumer afterStep = step -> {};

    @Override
    public void preparing(String stage) {}

    @Override
    public void taught(Teaching taught, int yetToScore) {
      teaching = taught;
      missing = yetToScore;
    }

    @Override
    public void planned(Plan plan) {
      texts = plan.trainExamples();
    }

    @Override
    public void stepped(Step step) {
      steps = step.step();
      afterStep.accept(step.step());
    }

    @Override
    public void evaluated(long step, Evaluation evaluation, boolean best) {
      lowestLoss = Math.min(lowestLoss, evaluation.value(BestMetric.LOSS));
      if (best && evaluation.figures().contains(BestMetric.ACCURACY)) {
        bestAccuracy = evaluation.value(BestMetric.ACCURACY);
      }
    }

    @Override
    public void saved(Path place) {}

    @Override
    public void warned(String sentence) {
      warnings.add(sentence);
    }
  }
}
