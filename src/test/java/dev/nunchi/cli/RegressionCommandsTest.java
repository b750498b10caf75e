package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
  void export_regressionInInt8_isRefused() {
    assertEquals(
        1,
        run(
            "export",
            "--model",
            model,
            "--output",
            directory.resolve("rounded"),
            "--precision",
            "int8",
            "--calibration",
            data.resolve("train.tsv"),
            "--validation",
            data.resolve("validation.tsv")));
    assertTrue(err.toString().contains("fp32 and fp16 export it"), err::toString);
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
