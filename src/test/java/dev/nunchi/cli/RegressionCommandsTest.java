package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The way of a regression from texts with numbers to answers.
class RegressionCommandsTest {
  private static final String RECIPE =
      """
      problem_type: regression
      tokenizer_vocab_size: 500
      max_length: 32
      model_config:
        model_type: bert
        hidden_size: 32
        num_hidden_layers: 1
        num_attention_heads: 2
        intermediate_size: 64
        max_position_embeddings: 32
        type_vocab_size: 2
        hidden_dropout_prob: 0.0
        attention_probs_dropout_prob: 0.0
      learning_rate: 5.0e-3
      num_train_epochs: 6
      tokens_per_batch: 512
      warmup_ratio: 0.1
      threads: 1
      """;

  @TempDir private static Path directory;
  private static final StringWriter TRAINING = new StringWriter();
  private static Path data = Path.of("");
  private static Path model = Path.of("");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void train() throws IOException {
    data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("train.tsv"), rows(600, 1));
    Files.writeString(data.resolve("validation.tsv"), rows(150, 2));
    Files.writeString(data.resolve("test.tsv"), rows(150, 3));
    Path recipe = Files.writeString(directory.resolve("recipe.yaml"), RECIPE);
    model = directory.resolve("model");
    assertEquals(
        0,
        InProcess.run(
            new StringWriter(),
            TRAINING,
            "train",
            "--recipe",
            recipe,
            "--data",
            data,
            "--output",
            model),
        TRAINING::toString);
  }

  @Test
  void train_regression_measuresErrorsAndCorrelations() throws IOException {
    assertTrue(TRAINING.toString().contains("labels polarity"), TRAINING::toString);
    assertTrue(TRAINING.toString().contains("Best at step"), TRAINING::toString);
    assertTrue(TRAINING.toString().contains(" on validation"), TRAINING::toString);
    JsonNode manifest = new ObjectMapper().readTree(model.resolve("nunchi.json").toFile());
    assertEquals("regression", manifest.get("problem_type").textValue());
    assertEquals(1, manifest.get("labels").get(0).get("polarity").intValue());
    assertTrue(manifest.get("quality").get("validation_pearson").doubleValue() > 0.8);
    JsonNode config = new ObjectMapper().readTree(model.resolve("config.json").toFile());
    assertEquals("{\"0\":\"polarity\"}", config.get("id2label").toString());
    String log = Files.readString(model.resolve("metrics.jsonl"));
    assertTrue(log.contains("\"eval_spearman\":"), log);
    String recipe = Files.readString(model.resolve("recipe.yaml"));
    assertTrue(recipe.contains("metric_for_best_model: loss"), recipe);
  }

  @Test
  void evaluate_regression_writesItsThreeFiles() throws IOException {
    Path output = directory.resolve("evaluation");
    assertEquals(
        0,
        run("evaluate", "--model", model, "--data", data.resolve("test.tsv"), "--output", output),
        err::toString);
    assertTrue(out.toString().contains("pearson"), out::toString);
    JsonNode metrics = new ObjectMapper().readTree(output.resolve("metrics.json").toFile());
    assertTrue(metrics.get("pearson").doubleValue() > 0.8, metrics::toString);
    assertTrue(metrics.get("mae_low").doubleValue() < metrics.get("mae").doubleValue());
    assertEquals(150, metrics.get("count").intValue());
    List<String> predictions = Files.readAllLines(output.resolve("predictions.tsv"));
    assertEquals("id\tvalue\tpredicted\ttoken_count\ttruncated", predictions.getFirst());
    assertEquals(151, predictions.size());
    assertTrue(Files.readString(output.resolve("report.html")).contains("Spearman"));
  }

  @Test
  void evaluate_atLeastOfNoFigureOfARegression_isRefusedBeforeTheTextsAreRead() {
    assertEquals(
        1,
        run(
            "evaluate",
            "--model",
            model,
            "--data",
            data.resolve("test.tsv"),
            "--output",
            directory.resolve("no-figure"),
            "--at-least",
            "pearson=-1",
            "--at-least",
            "accuracy=0"));
    assertTrue(err.toString().contains("--at-least names accuracy, which is no figure"));
    assertTrue(err.toString().contains("spearman"), err::toString);
    assertFalse(err.toString().contains("Classifying"), err::toString);
  }

  @Test
  void evaluate_regressionUnderNoise_isRefused() {
    assertEquals(
        1,
        run(
            "evaluate",
            "--model",
            model,
            "--data",
            data.resolve("test.tsv"),
            "--output",
            directory.resolve("noise"),
            "--noise"));
    assertTrue(err.toString().contains("is a regression, which has none"), err::toString);
  }

  @Test
  void export_regression_answersAsTheCheckpoint() throws IOException {
    Path exported = directory.resolve("exported");
    assertEquals(0, run("export", "--model", model, "--output", exported), err::toString);
    List<Double> values = new ArrayList<>();
    for (Path each : List.of(model, exported)) {
      StringWriter answers = new StringWriter();
      assertEquals(
          0,
          InProcess.run(
              answers, err, "classify", "--model", each, "--format", "jsonl", "정말 재미있어요", "실망이에요"),
          err::toString);
      for (String line : answers.toString().lines().toList()) {
        JsonNode json = new ObjectMapper().readTree(line);
        assertEquals("polarity", json.get("label").textValue());
        values.add(json.get("value").doubleValue());
      }
    }
    assertTrue(values.get(0) > 0 && values.get(1) < 0, values::toString);
    assertEquals(values.get(0), values.get(2), 1e-4);
    assertEquals(values.get(1), values.get(3), 1e-4);
  }

  @Test
  void export_regressionInInt8_staysNearAndSaysSoInManifestAndCard() throws IOException {
    Path rounded = rounded();
    JsonNode manifest = new ObjectMapper().readTree(rounded.resolve("nunchi.json").toFile());
    assertEquals("int8", manifest.get("precision").textValue());
    JsonNode quality = manifest.get("quality");
    assertEquals(1, quality.get("validation_value_agreement_with_fp32").doubleValue());
    assertEquals(0, quality.get("validation_values_far_from_fp32_count").intValue());
    assertTrue(quality.get("validation_spearman_with_fp32").doubleValue() > 0.999);
    assertEquals(
        quality.get("validation_mae").doubleValue(),
        quality.get("validation_mae_in_int8").doubleValue(),
        0.01);
    String note =
        "Int8 was compared with fp32 on 150 texts, of which 150 keep their value within a tenth of"
            + " a standard deviation; fewer than 765 cannot show that 99.5 % do.";
    assertTrue(manifest.get("notes").toString().contains(note), manifest::toString);
    assertTrue(Files.readString(rounded.resolve("README.md")).contains("\n- " + note + "\n"));
    assertTrue(
        err.toString().contains("In int8, on 150 validation texts, whose values"), err::toString);
  }

  @Test
  void export_regressionInInt8_isMeasuredAsTheCheckpoint() throws IOException {
    List<Double> errors = new ArrayList<>();
    for (Path each : List.of(model, rounded())) {
      Path output = Files.createTempDirectory(directory, "evaluation").resolve("of");
      Path test = data.resolve("test.tsv");
      assertEquals(
          0, run("evaluate", "--model", each, "--data", test, "--output", output), err::toString);
      JsonNode metrics = new ObjectMapper().readTree(output.resolve("metrics.json").toFile());
      errors.add(metrics.get("mae").doubleValue());
    }
    assertEquals(errors.get(0), errors.get(1), 0.01);
  }

  @Test
  void export_regressionInInt8_answersAloneAsInAnyBatchBitForBit() throws IOException {
    ModelDirectory rounded = ModelDirectory.open(rounded());
    List<String> texts =
        Files.readAllLines(data.resolve("test.tsv")).stream()
            .skip(1)
            .map(row -> row.split("\t")[1])
            .toList();
    try (OnnxModel onnx = OnnxModel.open(rounded, InferenceOptions.CPU);
        TextEncoder encoder =
            TextEncoder.open(
                rounded.path(),
                Normalizer.of(rounded.manifest().text().normalization()),
                rounded.manifest().text().maxLength())) {
      List<Encoding> encodings = encoder.encodeAll(texts, Truncation.KEEP_HEAD_AND_TAIL);
      for (int size : List.of(2, 7, 64)) {
        for (int from = 0; from < texts.size(); from += size) {
          List<Encoding> batch = encodings.subList(from, Math.min(from + size, texts.size()));
          float[][] together = onnx.logits(PaddedBatch.of(batch, rounded.padTokenId()));
          for (int i = 0; i < batch.size(); i++) {
            PaddedBatch alone = PaddedBatch.of(List.of(batch.get(i)), rounded.padTokenId());
            assertArrayEquals(onnx.logits(alone)[0], together[i], texts.get(from + i));
          }
        }
      }
    }
  }

  @Test
  void export_validationTextsThatCalibrate_areNoted() throws IOException {
    Path validation = data.resolve("validation.tsv");
    run(int8(directory.resolve("both"), validation, "validation.tsv"));
    String note = "calibration texts are validation texts too";
    assertTrue(err.toString().contains(note), err::toString);
    err.getBuffer().setLength(0);
    rounded();
    assertFalse(err.toString().contains(note), err::toString);
  }

  /// Ranges of one short text cut off the others, and half of the layers in fp32 do not help.
  @Test
  void export_regressionThatInt8MovesTooFar_isRefusedSayingWhatToDo() throws IOException {
    Path shortText = Files.writeString(directory.resolve("short.tsv"), "id\tdocument\n1\t네\n");
    Path output = directory.resolve("unreached");
    assertEquals(1, run(int8(output, shortText, "validation.tsv")), err::toString);
    String said = err.toString();
    assertTrue(said.contains("beyond which int8 gains nothing, on 150 validation texts"), said);
    assertTrue(said.contains("it should be at least 99.5 %, at most 1, at most 3.0 %, "), said);
    assertTrue(said.contains("; --accept-agreement takes less; the checkpoint is"), said);
    assertFalse(Files.exists(output));
  }

  @Test
  void export_regressionInInt8WithLessAccepted_saysSoInManifestAndCard() throws IOException {
    Path output = directory.resolve("less");
    assertEquals(
        0,
        run(
            int8(
                output, data.resolve("train.tsv"), "validation.tsv", "--accept-agreement", "0.97")),
        err::toString);
    JsonNode manifest = new ObjectMapper().readTree(output.resolve("nunchi.json").toFile());
    assertEquals(
        0.97, manifest.get("quality").get("accepted_value_agreement_with_fp32").asDouble());
    String note = "Int8 was accepted with 97.0 % of the values within a tenth of a standard";
    assertTrue(Files.readString(output.resolve("README.md")).contains("\n- " + note));
  }

  @Test
  void export_regressionInInt8OnTextsOfOneValue_isRefusedSayingWhy() throws IOException {
    Files.writeString(data.resolve("same.tsv"), "id\tdocument\tlabel\n1\t배우\t0.1\n2\t배우\t-0.1\n");
    assertEquals(1, run(int8(directory.resolve("same"), data.resolve("train.tsv"), "same.tsv")));
    assertTrue(
        err.toString().contains("for each of 2 validation texts, so that nothing says how far"),
        err::toString);
  }

  @Test
  void export_regressionWithWeightsInInt8_isComparedByValues() throws IOException {
    Path output = directory.resolve("weights");
    assertEquals(
        0,
        run(
            "export",
            "--model",
            model,
            "--output",
            output,
            "--precision",
            "int8-weight-only",
            "--validation",
            data.resolve("validation.tsv")),
        err::toString);
    JsonNode manifest = new ObjectMapper().readTree(output.resolve("nunchi.json").toFile());
    assertEquals(
        1, manifest.get("quality").get("validation_value_agreement_with_fp32").doubleValue());
  }

  private Path rounded() throws IOException {
    Path rounded = Files.createTempDirectory(directory, "int8").resolve("model");
    assertEquals(0, run(int8(rounded, data.resolve("train.tsv"), "validation.tsv")), err::toString);
    return rounded;
  }

  private static Object[] int8(Path output, Path calibration, String validation, Object... more) {
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                "export",
                "--model",
                model,
                "--output",
                output,
                "--precision",
                "int8",
                "--calibration",
                calibration,
                "--validation",
                data.resolve(validation)));
    arguments.addAll(List.of(more));
    return arguments.toArray();
  }

  /// A regression goes on from the head of another, whatever its value is called.
  @Test
  void train_fromARegression_keepsItsHead() throws IOException {
    Path recipe =
        Files.writeString(
            directory.resolve("more.yaml"),
            "problem_type: regression\nmodel_name_or_path: %s\nmax_length: 32\nmax_steps: 1\n"
                    .formatted(model)
                + "threads: 1\n");
    assertEquals(
        0,
        run("train", "--recipe", recipe, "--data", data, "--output", directory.resolve("more")),
        err::toString);
    assertTrue(err.toString().contains("(0 new tensors)"), err::toString);
  }

  private int run(Object... arguments) {
    return InProcess.run(out, err, arguments);
  }

  /// Texts of good and bad words in any number up to three, with the share of their difference.
  private static String rows(int count, long seed) {
    Random random = new Random(seed);
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < count; i++) {
      int good = random.nextInt(4);
      int bad = random.nextInt(4);
      List<String> words = new ArrayList<>(List.of("배우 " + i % 7));
      words.addAll(Collections.nCopies(good, "정말 재미있어요"));
      words.addAll(Collections.nCopies(bad, "실망이에요"));
      Collections.shuffle(words, random);
      rows.append("%d\t%s\t%.3f\n".formatted(i, String.join(" ", words), (good - bad) / 3.0));
    }
    return rows.toString();
  }
}
