package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.export.ExportOptions;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.export.Validation;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.FloatWeights;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
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

  private static final String NGRAMS =
      """
      tokenizer_type: characters
      max_length: 64
      model_config:
        model_type: ngram_linear
        ngram_buckets: 4096
        ngram_max: 4
        open_ngram_max: 3
        max_position_embeddings: 64
      optim: adagrad
      learning_rate: 0.1
      num_train_epochs: 6
      tokens_per_batch: 512
      label_mapping: 0=부정,1=긍정
      labels: {부정: -1, 긍정: 1}
      threads: 1
      """;

  @TempDir private Path directory;
  private Path data = Path.of("");

  @BeforeEach
  void writeTexts() throws IOException {
    data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(400, 1));
    Files.writeString(data.resolve("validation.tsv"), Reviews.tsv(100, 2));
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
      assertEquals(Normalization.STANDARD, manifest.text().normalization());
      assertEquals(watcher.bestAccuracy, manifest.origin().quality().get("validation_accuracy"));
      assertEquals(
          ProbeTexts.ALL.size(), Objects.requireNonNull(manifest.proof().probe()).cases().size());
      assertEquals(1, manifest.task().labels().get(1).polarity().orElseThrow());
    }
    assertTrue(Files.readString(output.resolve("README.md")).contains("부정 (-1), 긍정 (+1)"));
    assertTrue(Files.readString(output.resolve("recipe.yaml")).contains("learning_rate: 0.005"));
    assertEquals(List.of("data", "made", "recipe.yaml"), names(directory));
  }

  @Test
  void run_validationOfAFewEasyTexts_staysModestAndSaysSoInOutputCardAndManifest()
      throws IOException {
    Files.writeString(data.resolve("validation.tsv"), Reviews.tsv(8, 2));
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    run(recipe(NGRAMS), output, watcher, new StopSignal());
    Manifest manifest = ManifestFile.read(output).orElseThrow();
    assertEquals(1, manifest.origin().quality().get("validation_accuracy"));
    assertEquals(8, manifest.origin().quality().get("validation_count"));
    assertTrue(
        manifest.task().temperature() > 0.25, "temperature " + manifest.task().temperature());
    List<String> notes = manifest.origin().notes();
    assertEquals(2, notes.size());
    assertTrue(notes.get(0).startsWith("The accuracy 1.0000 is that of 8 texts;"), notes.get(0));
    assertTrue(notes.get(1).contains("rests on 8 texts with 0 mistakes"), notes.get(1));
    assertTrue(watcher.warnings.containsAll(notes), watcher.warnings.toString());
    String card = Files.readString(output.resolve("README.md"));
    assertTrue(card.contains("| validation count | 8 |"), card);
    assertTrue(notes.stream().allMatch(note -> card.contains("\n- " + note + "\n")), card);
  }

  @Test
  void run_networkThatGivesEveryTextOneLabel_saysSo() throws IOException {
    Files.writeString(
        data.resolve("train.tsv"), Reviews.tsv(400, 1).replaceAll("\t1\n", "\t0\n") + "x\tㅎ\t1\n");
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    run(recipe(NGRAMS), output, watcher, new StopSignal());
    String note =
        "Every one of the 100 texts gets the label 부정; the accuracy is that label's share.";
    assertTrue(watcher.warnings.contains(note), watcher.warnings.toString());
    assertTrue(Files.readString(output.resolve("README.md")).contains("- " + note + "\n"));
  }

  @Test
  void run_warmupLongerThanTheRun_reachesItsRateAndSaysSo() throws IOException {
    Watcher watcher = new Watcher();
    run(
        recipe(NGRAMS + "warmup_steps: 500\nmax_steps: 3\n"),
        directory.resolve("made"),
        watcher,
        new StopSignal());
    assertEquals(0.1, watcher.highestRate);
    assertTrue(
        watcher.warnings.stream().anyMatch(note -> note.startsWith("The warm-up of 500 steps")),
        watcher.warnings.toString());
  }

  @Test
  void run_textInBothSplits_warnsOfTheLeakAndReportsIt() throws IOException {
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(40, 1) + "leak\t여기에만 있는 문장!\t1\n");
    Files.writeString(
        data.resolve("validation.tsv"),
        "id\tdocument\tlabel\nother\t별로인 다른 글\t0\nagain\t여기에만   있는 문장\t1\n");
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    run(recipe(TINY + "max_steps: 1\n"), output, watcher, new StopSignal());
    assertTrue(
        watcher.warnings.stream().anyMatch(sentence -> sentence.contains("again")),
        watcher.warnings.toString());
    assertTrue(Files.readString(output.resolve("data_report.json")).contains("\"leak\""));
  }

  @Test
  void run_ngramLinear_learnsAndExportsInEveryPrecision() throws IOException {
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    run(recipe(NGRAMS), output, watcher, new StopSignal());
    assertTrue(watcher.bestAccuracy > 0.95, "accuracy " + watcher.bestAccuracy);
    for (Precision precision : Precision.values()) {
      List<String> texts = List.of("정말 재미있어요", "배우 음악 너무 지루해요", "네");
      List<LabelledText> labelled =
          List.of(
              new LabelledText(texts.get(0), Set.of("긍정")),
              new LabelledText(texts.get(1), Set.of("부정")));
      Path exported = directory.resolve("exported-" + precision);
      try (CheckpointDirectory checkpoint = CheckpointDirectory.open(output)) {
        // The exporter's gate compares with the logits that training recorded.
        ModelDirectory model =
            new OnnxExporter()
                .export(
                    checkpoint,
                    exported,
                    new ExportOptions(precision, texts, new Validation.Labels(labelled)));
        assertAnswersAloneAsInABatch(model, texts);
      }
    }
    // A byte for each row of the table and label, and the bias.
    assertTrue(Files.size(directory.resolve("exported-int8/model.onnx.data")) < 2 * 4096 + 256);
  }

  private static void assertAnswersAloneAsInABatch(ModelDirectory directory, List<String> texts) {
    Manifest manifest = directory.manifest();
    try (OnnxModel model = OnnxModel.open(directory, InferenceOptions.CPU);
        TextEncoder encoder =
            TextEncoder.open(
                directory.path(),
                Normalizer.of(manifest.text().normalization()),
                manifest.text().maxLength())) {
      List<Encoding> encodings = encoder.encodeAll(texts, Truncation.REJECT);
      float[][] together = model.logits(PaddedBatch.of(encodings, directory.padTokenId()));
      for (int i = 0; i < together.length; i++) {
        PaddedBatch alone = PaddedBatch.of(encodings.subList(i, i + 1), directory.padTokenId());
        assertArrayEquals(model.logits(alone)[0], together[i]);
      }
    }
  }

  @Test
  void run_fitIntercepts_undoesWhatOutOfBalanceTextsTaught() throws IOException {
    String tsv = Reviews.tsv(400, 1);
    // One negative review for nine positive ones, which a weak network follows.
    List<String> rows =
        tsv.lines().filter(row -> !row.endsWith("\t0") || row.contains("_2")).toList();
    Files.writeString(data.resolve("train.tsv"), String.join("\n", rows) + "\n");
    String yaml =
        NGRAMS
            .replace("num_train_epochs: 6", "num_train_epochs: 1")
            .replace("learning_rate: 0.1", "learning_rate: 0.01");
    Watcher plain = new Watcher();
    run(recipe(yaml), directory.resolve("plain"), plain, new StopSignal());
    Watcher fitted = new Watcher();
    Path output = directory.resolve("fitted");
    run(recipe(yaml + "fit_intercepts: true\n"), output, fitted, new StopSignal());
    assertTrue(
        fitted.bestAccuracy > plain.bestAccuracy + 0.2,
        plain.bestAccuracy + ", fitted " + fitted.bestAccuracy);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(output);
        CheckpointDirectory before = CheckpointDirectory.open(directory.resolve("plain"))) {
      float[] shifted = FloatWeights.floats(checkpoint.weights().get("classifier.bias"));
      float[] unshifted = FloatWeights.floats(before.weights().get("classifier.bias"));
      assertTrue(shifted[0] - shifted[1] > unshifted[0] - unshifted[1] + 0.01);
      // The recorded logits are those of the weights that were written.
      new OnnxExporter().export(checkpoint, directory.resolve("exported"), ExportOptions.FP32);
    }
  }

  @Test
  void run_severalLabelsForAText_learnsThem() throws IOException {
    Files.writeString(data.resolve("train.tsv"), Reviews.severalLabels(400, 1));
    Files.writeString(data.resolve("validation.tsv"), Reviews.severalLabels(80, 2));
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    String yaml =
        TINY.replace("label_mapping: 0=부정,1=긍정\n", "")
                .replaceAll("(num_train_epochs|learning_rate|tokens_per_batch): .*\n", "")
                .replace("labels: {부정: -1, 긍정: 1}\n", "")
            + "problem_type: multi_label_classification\nclass_weights: balanced\n"
            + "num_train_epochs: 10\nlearning_rate: 2.0e-3\ntokens_per_batch: 64\n";
    run(recipe(yaml), output, watcher, new StopSignal());
    // Guessing has a quarter right, one label without the other a half.
    assertTrue(watcher.bestAccuracy > 0.6, "subset accuracy " + watcher.bestAccuracy);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(output)) {
      Manifest manifest = checkpoint.manifest().orElseThrow();
      assertEquals(ProblemType.MULTI_LABEL_CLASSIFICATION, manifest.task().problemType());
      assertEquals(
          "multi_label_classification", checkpoint.config().path("problem_type").textValue());
      assertEquals(List.of("음악", "재미"), manifest.task().labels().names());
      assertExportsInInt8(checkpoint, directory.resolve("exported"));
    }
    NunchiException refused =
        assertThrows(NunchiException.class, () -> recipe(yaml + "label_smoothing_factor: 0.1\n"));
    assertTrue(refused.getMessage().contains("single_label_classification"));
  }

  /// The gate of several labels asks that all of a text's stay.
  private static void assertExportsInInt8(CheckpointDirectory checkpoint, Path output) {
    List<LabelledText> labelled =
        Reviews.severalLabels(80, 3)
            .lines()
            .skip(1)
            .map(row -> row.split("\t", -1))
            .map(row ->
                new LabelledText(row[1], row[2].isEmpty() ? Set.of() : Set.of(row[2].split("\\|"))))
            .toList();
    Validation.Labels validation = new Validation.Labels(labelled);
    ModelDirectory model =
        new OnnxExporter()
            .export(
                checkpoint,
                output,
                new ExportOptions(Precision.INT8, validation.texts(), validation).accepting(0.95));
    Map<String, Double> quality = model.manifest().origin().quality();
    assertTrue(
        quality.getOrDefault("validation_label_agreement_with_fp32", 0.0) >= 0.95,
        quality::toString);
    assertTrue(quality.getOrDefault("validation_accuracy_in_int8", 0.0) > 0.6, quality::toString);
    assertAnswersAloneAsInABatch(model, validation.texts());
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
  void run_fp16_isComputedInBf16AndSaysSo() throws IOException {
    Watcher watcher = new Watcher();
    run(
        recipe(TINY + "max_steps: 3\nfp16: true\n"),
        directory.resolve("a"),
        watcher,
        new StopSignal());
    assertTrue(
        watcher.warnings.getFirst().startsWith("fp16 is computed in bf16"), watcher.warnings + "");
    run(
        recipe(TINY + "max_steps: 3\nbf16: true\n"),
        directory.resolve("b"),
        new Watcher(),
        new StopSignal());
    assertEquals(
        -1,
        Files.mismatch(
            directory.resolve("a/model.safetensors"), directory.resolve("b/model.safetensors")));
  }

  @Test
  void run_noise_givesOtherWeights_theSameAgain() throws IOException {
    Path plain = directory.resolve("plain");
    run(recipe(TINY), plain, new Watcher(), new StopSignal());
    Recipe recipe = recipe(TINY + "noise_share: 0.5\n");
    for (String name : List.of("noisy", "again")) {
      run(recipe, directory.resolve(name), new Watcher(), new StopSignal());
    }
    Path weights = directory.resolve("noisy/model.safetensors");
    assertEquals(-1, Files.mismatch(weights, directory.resolve("again/model.safetensors")));
    assertTrue(Files.mismatch(weights, plain.resolve("model.safetensors")) >= 0);
  }

  @Test
  void run_fromCheckpointWithTheLabelsOfTheTexts_keepsItsOrderAndItsHead() throws IOException {
    run(recipe(TINY), directory.resolve("base"), new Watcher(), new StopSignal());
    for (String labels : List.of("", "labels: {긍정: 1, 부정: -1}\n")) {
      Watcher watcher = new Watcher();
      Path made = directory.resolve("made" + labels.length());
      run(
          recipe(
              """
              model_name_or_path: %s
              max_length: 24
              learning_rate: 1.0e-9
              tokens_per_batch: 256
              max_steps: 1
              label_mapping: 0=부정,1=긍정
              threads: 1
              %s\
              """
                  .formatted(directory.resolve("base"), labels)),
          made,
          watcher,
          new StopSignal());
      assertEquals(0, watcher.freshParameters);
      assertTrue(watcher.bestAccuracy > 0.9, "accuracy " + watcher.bestAccuracy);
      try (CheckpointDirectory checkpoint = CheckpointDirectory.open(made)) {
        assertEquals(
            labels.isEmpty() ? List.of("부정", "긍정") : List.of("긍정", "부정"),
            checkpoint.labels().names());
        assertTrue(checkpoint.labels().hasPolarity(), "the polarities go along");
      }
    }
  }

  @Test
  void run_fromCheckpointWithOtherLabels_getsANewHeadAndKeepsTheRest() throws IOException {
    run(recipe(TINY), directory.resolve("base"), new Watcher(), new StopSignal());
    Files.writeString(
        data.resolve("train.tsv"),
        Reviews.tsv(400, 3).replace("\t0\n", "\t별로\n").replace("\t1\n", "\t최고\n")
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
      assertEquals(
          Normalization.STANDARD, checkpoint.manifest().orElseThrow().text().normalization());
    }
  }

  @Test
  void run_configOverrides_goBeforeTheConfigurationOfTheBaseAndStayWhenResumed()
      throws IOException {
    run(recipe(TINY), directory.resolve("base"), new Watcher(), new StopSignal());
    String yaml =
        """
        model_name_or_path: %s
        max_length: 24
        tokens_per_batch: 256
        max_steps: 8
        label_mapping: 0=부정,1=긍정
        threads: 1
        """
            .formatted(directory.resolve("base"));
    String weights = "model.safetensors";
    Path plain = directory.resolve("plain");
    run(recipe(yaml), plain, new Watcher(), new StopSignal());
    Recipe recipe = recipe(yaml + "config_overrides: {hidden_dropout_prob: 0.5}\n");
    Path whole = directory.resolve("whole");
    run(recipe, whole, new Watcher(), new StopSignal());
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(whole)) {
      assertEquals(0.5, checkpoint.config().get("hidden_dropout_prob").asDouble());
    }
    assertTrue(Files.mismatch(plain.resolve(weights), whole.resolve(weights)) >= 0);
    Path parts = directory.resolve("parts");
    runUntil(3, recipe, parts, TrainingRun.Mode.RESUME);
    run(recipe, parts, TrainingRun.Mode.RESUME, new Watcher(), new StopSignal());
    assertEquals(-1, Files.mismatch(whole.resolve(weights), parts.resolve(weights)));
    Recipe unknown = recipe(yaml + "config_overrides: {cls_dropout: 0.5}\n");
    assertEquals(
        "config_overrides: expected keys of %s, but it has no cls_dropout"
            .formatted(directory.resolve("base").resolve("config.json")),
        assertThrows(
                NunchiException.class,
                () -> run(unknown, directory.resolve("no"), new Watcher(), new StopSignal()))
            .getMessage());
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
  void run_logsThatCannotBeWritten_saysSoGoesOnAndSavesTheModel() throws IOException {
    Path output = directory.resolve("made");
    Watcher watcher = new Watcher();
    watcher.afterStep =
        step -> {
          if (step == 3) {
            // Neither can be opened as what it was any more, whoever runs this.
            blockLogs(output);
          }
        };
    TrainingListener all =
        new TrainingListeners(
            List.of(watcher, new MetricsLog(output, 1), new TensorBoardLog(output, 1)));
    run(recipe(TINY + "max_steps: 8\neval_steps: 4\n"), output, all, new StopSignal());
    assertEquals(8, watcher.steps);
    assertEquals(8, Objects.requireNonNull(watcher.ended).step());
    List<String> said =
        watcher.warnings.stream()
            .filter(sentence -> sentence.endsWith("; the training goes on without it"))
            .toList();
    assertEquals(2, said.size(), watcher.warnings::toString);
    assertTrue(said.get(0).startsWith(output.resolve("metrics.jsonl") + " cannot be"), said.get(0));
    assertTrue(said.get(1).startsWith(output.resolve("runs").toString()), said.get(1));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(output)) {
      checkpoint.requireComplete();
    }
  }

  /// A directory in place of the file, and a file in place of the directory.
  private static void blockLogs(Path output) {
    try {
      Files.move(output.resolve("metrics.jsonl"), output.resolve("metrics-so-far.jsonl"));
      Files.createDirectory(output.resolve("metrics.jsonl"));
      Files.move(output.resolve("runs"), output.resolve("runs-so-far"));
      Files.createFile(output.resolve("runs"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
  void run_interceptsOfADecoder_whichHasNoBias_areRefusedBeforeTraining() throws IOException {
    Recipe recipe =
        recipe(TINY.replace("model_type: electra", "model_type: llama") + "fit_intercepts: true\n");
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () -> run(recipe, directory.resolve("made"), new Watcher(), new StopSignal()));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    assertTrue(failure.getMessage().startsWith("fit_intercepts adds"), failure.getMessage());
  }

  @Test
  void run_labelOutsideTheSet_namesFileAndLine() throws IOException {
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(3, 1) + "x\t좋네요\t2\n");
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

  /// With everything that has a state: dropout, word dropout, noise, averaged weights, accumulation
  /// that does not divide the batches of an epoch.
  private static final String STATEFUL =
      TINY.replace("_prob: 0.0", "_prob: 0.1")
          + """
          word_dropout: 0.2
          noise_share: 0.3
          ema_decay: 0.9
          gradient_accumulation_steps: 3
          layerwise_lr_decay: 0.8
          max_steps: 40
          eval_steps: 8
          save_steps: 7
          """;

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "paged_adamw_8bit"})
  void run_stoppedAndResumed_givesTheWeightsOfAnUninterruptedRun(String optim) throws IOException {
    Recipe recipe = recipe(STATEFUL + "optim: " + optim + "\n");
    Path whole = directory.resolve("whole");
    Watcher uninterrupted = new Watcher();
    run(recipe, whole, uninterrupted, new StopSignal());
    Path parts = directory.resolve("parts");
    for (long end : new long[] {5, 13, 14, 29}) {
      Watcher watcher = runUntil(end, recipe, parts, TrainingRun.Mode.RESUME);
      assertTrue(Objects.requireNonNull(watcher.ended).stopped());
      assertEquals(end, watcher.steps);
    }
    Watcher last = new Watcher();
    run(recipe, parts, TrainingRun.Mode.RESUME, last, new StopSignal());
    assertEquals(29, last.resumedAt);
    assertEquals(uninterrupted.ended, last.ended);
    for (String file :
        List.of(
            "model.safetensors",
            "checkpoint-35/optimizer.safetensors",
            "checkpoint-35/model.safetensors",
            "checkpoint-35/trainer_state.json")) {
      assertEquals(-1, Files.mismatch(whole.resolve(file), parts.resolve(file)), file);
    }
  }

  @Test
  void run_accumulationThatDoesNotDivide_trainsTheEpochsAndResumesAtTheirBounds()
      throws IOException {
    String yaml = TINY.replace("num_train_epochs: 6", "num_train_epochs: 2");
    Watcher plain = new Watcher();
    run(recipe(yaml), directory.resolve("plain"), plain, new StopSignal());
    long batches = plain.steps / 2;
    int accumulated = (int) batches - 1;
    Recipe recipe = recipe(yaml + "gradient_accumulation_steps: %d\n".formatted(accumulated));
    Path whole = directory.resolve("whole");
    Watcher uninterrupted = new Watcher();
    run(recipe, whole, uninterrupted, new StopSignal());
    assertEquals(
        List.of(accumulated / (double) batches, 1.0, 1 + accumulated / (double) batches, 2.0),
        uninterrupted.epochs);
    assertEquals(plain.tokens, uninterrupted.tokens, "every text twice");
    Path parts = directory.resolve("parts");
    for (long end = 1; end <= 4; end++) {
      Watcher watcher = runUntil(end, recipe, parts, TrainingRun.Mode.RESUME);
      assertEquals(end, watcher.steps);
    }
    assertEquals(
        -1,
        Files.mismatch(
            whole.resolve("checkpoint-4/model.safetensors"),
            parts.resolve("checkpoint-4/model.safetensors")));
  }

  @Test
  void run_newestCheckpointBroken_goesOnFromTheOneBeforeAndSaysSo() throws IOException {
    Recipe recipe = recipe(STATEFUL);
    Path output = directory.resolve("made");
    runUntil(16, recipe, output, TrainingRun.Mode.START);
    Path newest = output.resolve("checkpoint-16/optimizer.safetensors");
    byte[] bytes = Files.readAllBytes(newest);
    Files.write(newest, java.util.Arrays.copyOf(bytes, bytes.length - 100));
    Watcher resumed = new Watcher();
    run(recipe, output, TrainingRun.Mode.RESUME, resumed, new StopSignal());
    assertEquals(14, resumed.resumedAt);
    assertTrue(
        resumed.warnings.getFirst().contains("checkpoint-16 is not whole and is left out"),
        resumed.warnings.toString());
  }

  /// What is damaged is newer than what the run writes at first.
  @Test
  void run_onlyCheckpointBroken_beginsAnewAndKeepsItsOwn() throws IOException {
    Recipe recipe = recipe(STATEFUL + "save_total_limit: 1\n");
    Path output = directory.resolve("made");
    runUntil(16, recipe, output, TrainingRun.Mode.START);
    assertEquals(List.of("checkpoint-16"), checkpoints(output));
    Files.delete(output.resolve("checkpoint-16/optimizer.safetensors"));
    runUntil(8, recipe, output, TrainingRun.Mode.RESUME);
    assertTrue(checkpoints(output).contains("checkpoint-8"), checkpoints(output).toString());
    Watcher resumed = new Watcher();
    run(recipe, output, TrainingRun.Mode.RESUME, resumed, new StopSignal());
    assertEquals(8, resumed.resumedAt);
    assertEquals(List.of("checkpoint-35"), checkpoints(output));
  }

  @Test
  void run_overCheckpointsOfARun_needsResumeOrOverwrite() throws IOException {
    Recipe recipe = recipe(STATEFUL);
    Path output = directory.resolve("made");
    run(recipe, output, new Watcher(), new StopSignal());
    assertEquals(List.of("checkpoint-28", "checkpoint-35"), checkpoints(output));
    NunchiException refused =
        assertThrows(
            NunchiException.class, () -> run(recipe, output, new Watcher(), new StopSignal()));
    assertTrue(refused.getMessage().contains("--resume goes on with it"), refused.getMessage());
    Recipe shorter = recipe(STATEFUL.replace("max_steps: 40", "max_steps: 8"));
    NunchiException other =
        assertThrows(
            NunchiException.class,
            () -> run(shorter, output, TrainingRun.Mode.RESUME, new Watcher(), new StopSignal()));
    assertTrue(other.getMessage().startsWith("max_steps is 8, but the run in"), other.getMessage());
    run(shorter, output, TrainingRun.Mode.OVERWRITE, new Watcher(), new StopSignal());
    assertEquals(List.of("checkpoint-7"), checkpoints(output));
  }

  @Test
  void run_resumedOnOtherTexts_isRefused() throws IOException {
    Recipe recipe = recipe(STATEFUL);
    Path output = directory.resolve("made");
    run(recipe, output, new Watcher(), new StopSignal());
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(400, 9));
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () -> run(recipe, output, TrainingRun.Mode.RESUME, new Watcher(), new StopSignal()));
    assertTrue(failure.getMessage().startsWith("The training texts are not those"));
  }

  @Test
  void run_patienceAtItsEnd_endsEarlyWithTheBest() throws IOException {
    Watcher watcher = new Watcher();
    run(
        recipe(
            TINY.replace("num_train_epochs: 6", "num_train_epochs: 400")
                + "eval_steps: 2\n"
                + "early_stopping_patience: 3\n"
                + "metric_for_best_model: accuracy\n"),
        directory.resolve("made"),
        watcher,
        new StopSignal());
    TrainingListener.Ending ended = Objects.requireNonNull(watcher.ended);
    assertTrue(ended.exhausted());
    assertFalse(ended.stopped());
    assertEquals(ended.bestStep() + 6, ended.step());
  }

  @Test
  void run_lastInPlaceOfBest_keepsTheLastState() throws IOException {
    Path output = directory.resolve("made");
    run(
        recipe(
            TINY
                + "max_steps: 9\n"
                + "load_best_model_at_end: false\n"
                + "eval_strategy: no\n"
                + "save_steps: 3\n"),
        output,
        new Watcher(),
        new StopSignal());
    assertEquals(
        -1,
        Files.mismatch(
            output.resolve("model.safetensors"), output.resolve("checkpoint-9/model.safetensors")));
  }

  @Test
  void run_thatFails_isSaidToTheListener() throws IOException {
    Watcher watcher = new Watcher();
    TrainingRun run =
        new TrainingRun(
            recipe(TINY),
            directory.resolve("nowhere"),
            directory.resolve("made"),
            TrainingRun.Mode.START,
            watcher);
    assertThrows(NunchiException.class, () -> run.run(new StopSignal()));
    assertTrue(watcher.failed);
    assertNull(watcher.ended);
  }

  @Test
  void run_dry_writesNothing() throws IOException {
    Watcher watcher = new Watcher();
    new TrainingRun(recipe(TINY), data, directory.resolve("made"), TrainingRun.Mode.START, watcher)
        .dryRun(new StopSignal());
    assertEquals(0, watcher.steps);
    assertEquals(List.of("data", "recipe.yaml"), names(directory));
  }

  @Test
  void run_whileAnotherTrainsThere_isRefused() throws IOException {
    Path output = directory.resolve("made");
    Recipe recipe = recipe(TINY);
    try (RunDirectory held = RunDirectory.open(output, TrainingRun.Mode.START)) {
      NunchiException failure =
          assertThrows(
              NunchiException.class, () -> run(recipe, output, new Watcher(), new StopSignal()));
      assertTrue(
          failure.getMessage().contains("is the output of a training or an export that runs now"));
    }
  }

  @Test
  void run_withoutValidation_keepsTheLastStateUnmeasured() throws IOException {
    Files.delete(data.resolve("validation.tsv"));
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    String yaml = TINY + "max_steps: 3\neval_strategy: 'no'\nload_best_model_at_end: false\n";
    run(recipe(yaml + "validation_share: 0\n"), output, watcher, new StopSignal());
    assertTrue(watcher.warnings.toString().contains("nothing is measured"));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(output)) {
      Manifest manifest = checkpoint.manifest().orElseThrow();
      assertEquals(Map.of(), manifest.origin().quality());
      assertEquals(1, manifest.task().temperature());
    }
    assertTrue(Files.readString(output.resolve("README.md")).contains("nothing was measured"));
  }

  @Test
  void run_shareOfFewTextsIsNone_saysWhatToSet() throws IOException {
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(24, 1));
    Files.delete(data.resolve("validation.tsv"));
    assertDataRefused(
        "a validation_share of 0.02 of 24 texts is none; set validation_share to at least 0.1");
  }

  @Test
  void run_oneLabel_namesTheData() throws IOException {
    Files.writeString(data.resolve("train.tsv"), "document\tlabel\n" + "좋아요\t긍정\n".repeat(24));
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () ->
                run(
                    recipe(TINY.replaceAll("label.*\n", "")),
                    directory.resolve("made"),
                    new Watcher(),
                    new StopSignal()));
    assertEquals(Reason.INVALID_DATA, failure.reason());
    assertTrue(
        failure.getMessage().contains("train.tsv: the label of all 24 texts is '긍정'"),
        failure.getMessage());
  }

  @Test
  void run_untidyFiles_areReadCountedAndSaid() throws IOException {
    Files.writeString(
        data.resolve("train.tsv"), Reviews.tsv(40, 1) + "e1\t\t1\ne2\t\u3164\t0\ne3\t좋네요\t1 \n");
    Files.move(data.resolve("validation.tsv"), data.resolve("dev.tsv"));
    Files.writeString(data.resolve("more.json"), "[]");
    Watcher watcher = new Watcher();
    Path output = directory.resolve("made");
    run(recipe(TINY + "max_steps: 1\n"), output, watcher, new StopSignal());
    String warnings = watcher.warnings.toString();
    assertTrue(warnings.contains("2 texts are empty and were left out, the first that of line 42"));
    assertTrue(warnings.contains("'1 ' for '1' in 1 row, the first on line 44"), warnings);
    assertTrue(warnings.contains("not read: more.json"), warnings);
    assertFalse(warnings.contains("dev.tsv"), warnings);
    String report = Files.readString(output.resolve("data_report.json"));
    assertTrue(report.contains("\"empty_texts_left_out\" : 2"), report);
    assertTrue(report.contains("\"unknown_token_share\""), report);
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () ->
                run(
                    recipe(TINY + "empty_texts: refuse\n"),
                    directory.resolve("other"),
                    new Watcher(),
                    new StopSignal()));
    assertTrue(failure.getMessage().contains("train.tsv, line 42: the text is empty"));
  }

  @Test
  void run_moreEpochsToAverageThanThereAre_saysSo() throws IOException {
    Watcher watcher = new Watcher();
    run(
        recipe(NGRAMS.replace("num_train_epochs: 6", "num_train_epochs: 1") + "swa_epochs: 3\n"),
        directory.resolve("made"),
        watcher,
        new StopSignal());
    assertTrue(
        watcher.warnings.contains(
            "swa_epochs is 3, but the run has one epoch: nothing is averaged."),
        watcher.warnings.toString());
  }

  /// The mean of the checkpoints at the ends of the last two epochs; the same where the run was
  /// interrupted between them.
  @Test
  void run_stochasticWeightAveraging_keepsTheMeanOfTheLastEpochs() throws IOException {
    Recipe recipe =
        recipe(
            TINY.replace("num_train_epochs: 6", "num_train_epochs: 3")
                + "swa_epochs: 2\nload_best_model_at_end: false\n"
                + "save_total_limit: 0\neval_strategy: epoch\n");
    Path whole = directory.resolve("whole");
    Watcher watcher = new Watcher();
    run(recipe, whole, watcher, new StopSignal());
    long epoch = watcher.steps / 3;
    try (CheckpointDirectory model = CheckpointDirectory.open(whole);
        CheckpointDirectory second =
            CheckpointDirectory.open(whole.resolve("checkpoint-" + 2 * epoch));
        CheckpointDirectory third =
            CheckpointDirectory.open(whole.resolve("checkpoint-" + 3 * epoch))) {
      for (String name : model.weights().names()) {
        float[] mean = FloatWeights.floats(model.weights().get(name));
        float[] one = FloatWeights.floats(second.weights().get(name));
        float[] other = FloatWeights.floats(third.weights().get(name));
        for (int i = 0; i < mean.length; i++) {
          assertEquals((one[i] + other[i]) / 2, mean[i], 1e-6, name);
        }
      }
    }
    Path stopped = directory.resolve("stopped");
    runUntil(2 * epoch + 1, recipe, stopped, TrainingRun.Mode.START);
    run(recipe, stopped, TrainingRun.Mode.RESUME, new Watcher(), new StopSignal());
    assertEquals(
        -1,
        Files.mismatch(whole.resolve("model.safetensors"), stopped.resolve("model.safetensors")));
  }

  @Test
  void run_gradualUnfreezingResumed_givesTheSameWeights() throws IOException {
    Recipe recipe =
        recipe(
            TINY.replace("num_train_epochs: 6", "num_train_epochs: 3")
                + "gradual_unfreezing: 1\nload_best_model_at_end: false\n");
    Path whole = directory.resolve("whole");
    run(recipe, whole, new Watcher(), new StopSignal());
    Path stopped = directory.resolve("stopped");
    runUntil(3, recipe, stopped, TrainingRun.Mode.START);
    run(recipe, stopped, TrainingRun.Mode.RESUME, new Watcher(), new StopSignal());
    assertEquals(
        -1,
        Files.mismatch(whole.resolve("model.safetensors"), stopped.resolve("model.safetensors")));
  }

  @Test
  void run_moreFrozenLayersThanTheNetworkHas_isRefusedBeforeAnyStep() throws IOException {
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () ->
                run(
                    recipe(TINY + "freeze_layers: 5\n"),
                    directory.resolve("made"),
                    new Watcher(),
                    new StopSignal()));
    assertEquals("freeze_layers is 5, but the network has 1 layers", failure.getMessage());
    assertFalse(Files.exists(directory.resolve("made")));
  }

  private void assertDataRefused(String sentence) {
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () -> run(recipe(TINY), directory.resolve("made"), new Watcher(), new StopSignal()));
    assertEquals(Reason.INVALID_DATA, failure.reason());
    assertTrue(failure.getMessage().contains(sentence), failure.getMessage());
  }

  private static List<String> checkpoints(Path output) throws IOException {
    return names(output).stream().filter(name -> name.startsWith("checkpoint-")).toList();
  }

  private void run(Recipe recipe, Path output, TrainingListener listener, StopSignal stop) {
    run(recipe, output, TrainingRun.Mode.START, listener, stop);
  }

  private void run(
      Recipe recipe,
      Path output,
      TrainingRun.Mode mode,
      TrainingListener listener,
      StopSignal stop) {
    new TrainingRun(recipe, data, output, mode, listener).run(stop);
  }

  /// Runs until after the step `end`, when it is asked to stop.
  private Watcher runUntil(long end, Recipe recipe, Path output, TrainingRun.Mode mode) {
    StopSignal stop = new StopSignal();
    Watcher watcher = new Watcher();
    watcher.afterStep =
        step -> {
          if (step == end) {
            stop.request();
          }
        };
    run(recipe, output, mode, watcher, stop);
    return watcher;
  }

  private Recipe recipe(String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("recipe.yaml"), yaml);
    return RecipeReader.read(file.toString(), Map.of());
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
    private double highestRate;
    private long tokens;
    private final List<Double> epochs = new ArrayList<>();
    private long resumedAt = -1;
    private final List<String> warnings = new ArrayList<>();
    private @Nullable Ending ended;
    private boolean failed;
    private Runnable afterSave = () -> {};
    private LongConsumer afterStep = step -> {};

    @Override
    public void preparing(String stage) {}

    @Override
    public void planned(Plan plan) {
      freshParameters = plan.freshTensors().size();
    }

    @Override
    public void stepped(Step step) {
      steps = step.step();
      highestRate = Math.max(highestRate, step.learningRate());
      tokens += step.tokens();
      epochs.add(step.epoch());
      afterStep.accept(step.step());
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

    @Override
    public void warned(String sentence) {
      warnings.add(sentence);
    }

    @Override
    public void failed() {
      failed = true;
    }

    @Override
    public void resumed(Path checkpoint, long step) {
      resumedAt = step;
    }

    @Override
    public void ended(Ending outcome) {
      ended = outcome;
    }
  }
}
