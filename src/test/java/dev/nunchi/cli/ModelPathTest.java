package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The path of the README, small: train, evaluate, export, classify.
class ModelPathTest {
  private static final String RECIPE =
      """
      tokenizer_vocab_size: 400
      max_length: 16
      model_config:
        model_type: bert
        hidden_size: 32
        num_hidden_layers: 1
        num_attention_heads: 2
        intermediate_size: 64
        max_position_embeddings: 16
        type_vocab_size: 1
        attention_probs_dropout_prob: 0.0
      learning_rate: 5.0e-3
      num_train_epochs: 8
      tokens_per_batch: 128
      validation_share: 0.2
      label_mapping: 0=부정,1=긍정
      labels: {부정: -1, 긍정: 1}
      threads: 1
      """;

  @TempDir private static Path directory;
  private static Path checkpoint = Path.of("");
  private static Path model = Path.of("");
  private static Path reviews = Path.of("");

  /// What a command left behind.
  private record Result(int exitCode, String out, String err) {}

  @BeforeAll
  static void trainAndExport() throws IOException {
    Path data = Files.createDirectory(directory.resolve("data"));
    reviews = Files.writeString(data.resolve("train.tsv"), reviews());
    Path recipe = Files.writeString(directory.resolve("recipe.yaml"), RECIPE);
    checkpoint = directory.resolve("checkpoint");
    model = directory.resolve("model");
    Result trained = run("train", "--recipe", recipe, "--data", data, "--output", checkpoint);
    assertEquals(0, trained.exitCode(), trained.err());
    assertTrue(trained.err().contains("the best so far"), trained.err());
    assertEquals("", trained.out());
    Result exported = run("export", "--model", checkpoint, "--output", model);
    assertEquals(0, exported.exitCode(), exported.err());
    assertTrue(Files.exists(model.resolve("recipe.yaml")), "the recipe goes along");
  }

  @Test
  void evaluate_numberedLabels_writesReportMetricsAndPredictions() throws IOException {
    Path output = directory.resolve("evaluation");
    Result result = run("evaluate", "--model", model, "--data", reviews, "--output", output);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.out().contains("macro avg"), result.out());
    JsonNode metrics = new ObjectMapper().readTree(output.resolve("metrics.json").toFile());
    assertTrue(metrics.get("accuracy").doubleValue() > 0.95, metrics.toString());
    assertEquals(200, metrics.get("count").intValue());
    List<String> rows = Files.readAllLines(output.resolve("predictions.tsv"));
    assertEquals(201, rows.size());
    assertEquals(
        "id\tlabel\tpredicted\tconfidence\tscore_부정\tscore_긍정\ttoken_count\ttruncated",
        rows.getFirst());
  }

  @Test
  void evaluate_checkpointAndExport_agree() throws IOException {
    Path ofExport = directory.resolve("of-export");
    Path ofCheckpoint = directory.resolve("of-checkpoint");
    run("evaluate", "--model", model, "--data", reviews, "--output", ofExport);
    run("evaluate", "--model", checkpoint, "--data", reviews, "--output", ofCheckpoint);
    List<String> first = Files.readAllLines(ofExport.resolve("predictions.tsv"));
    List<String> second = Files.readAllLines(ofCheckpoint.resolve("predictions.tsv"));
    assertEquals(first.size(), second.size());
    for (int i = 1; i < first.size(); i++) {
      String[] a = first.get(i).split("\t");
      String[] b = second.get(i).split("\t");
      assertEquals(a[2], b[2]);
      assertEquals(Double.parseDouble(a[3]), Double.parseDouble(b[3]), 1e-4);
    }
  }

  @Test
  void classify_jsonl_hasTheContractsFields() throws IOException {
    for (Path directory : List.of(model, checkpoint)) {
      Result result =
          run("classify", "--model", directory, "--format", "jsonl", "정말 좋아요", "너무 지루해요");
      assertEquals(0, result.exitCode(), result.err());
      List<String> lines = result.out().lines().toList();
      assertEquals(2, lines.size());
      JsonNode first = new ObjectMapper().readTree(lines.getFirst());
      List<String> names = new ArrayList<>();
      first.fieldNames().forEachRemaining(names::add);
      assertEquals(
          List.of(
              "text",
              "label",
              "confidence",
              "polarity",
              "scores",
              "logits",
              "token_count",
              "truncated"),
          names);
      assertEquals("긍정", first.get("label").textValue());
      JsonNode second = new ObjectMapper().readTree(lines.get(1));
      assertEquals("부정", second.get("label").textValue());
      assertTrue(second.get("polarity").doubleValue() < 0);
    }
  }

  @Test
  void evaluate_labelOutsideTheSet_namesFileAndLineAndWritesNothing() throws IOException {
    Path data = Files.writeString(directory.resolve("odd.tsv"), "document\tlabel\n좋아요\t중립\n");
    Path output = directory.resolve("nothing");
    Result result = run("evaluate", "--model", model, "--data", data, "--output", output);
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains("odd.tsv, line 2"), result.err());
    assertFalse(Files.exists(output));
  }

  @Test
  void evaluate_fileWithoutTheColumn_namesTheColumnsFound() throws IOException {
    Path data = Files.writeString(directory.resolve("columns.tsv"), "body\tlabel\n좋아요\t1\n");
    Result result =
        run("evaluate", "--model", model, "--data", data, "--output", directory.resolve("no"));
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains("columns.tsv"), result.err());
    assertTrue(result.err().contains("body"), result.err());
  }

  @Test
  void export_tamperedCheckpoint_isRefusedByTheFilesName() throws IOException {
    Path copy = Files.createDirectory(directory.resolve("tampered"));
    try (var files = Files.list(checkpoint)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    byte[] weights = Files.readAllBytes(copy.resolve("model.safetensors"));
    weights[weights.length - 1] ^= 1;
    Files.write(copy.resolve("model.safetensors"), weights);
    Path output = directory.resolve("refused");
    Result result = run("export", "--model", copy, "--output", output);
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains("model.safetensors"), result.err());
    assertFalse(Files.exists(output));
  }

  private static Result run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = InProcess.run(out, err, arguments);
    return new Result(exitCode, out.toString(), err.toString());
  }

  private static String reviews() {
    List<String> good = List.of("정말 좋아요", "최고예요", "감동이에요", "또 볼래요");
    List<String> bad = List.of("너무 지루해요", "별로예요", "실망이에요", "돈이 아까워요");
    List<String> subjects = List.of("배우가", "음악이", "이야기가", "영화가", "장면이");
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < 200; i++) {
      List<String> phrases = i % 2 == 1 ? good : bad;
      rows.append(
          "%d\t%s %s %d\t%d\n"
              .formatted(i, subjects.get(i / 2 % 5), phrases.get(i / 10 % 4), i / 40, i % 2));
    }
    return rows.toString();
  }
}
