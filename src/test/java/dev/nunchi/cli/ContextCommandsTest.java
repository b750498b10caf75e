package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.infer.TinyModel;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A model whose answer to 네 depends on what was asked.
class ContextCommandsTest {
  private static final String RECIPE =
      """
      input_template: text_and_context
      context_column: question
      tokenizer_vocab_size: 400
      max_length: 24
      model_config:
        model_type: bert
        hidden_size: 32
        num_hidden_layers: 1
        num_attention_heads: 2
        intermediate_size: 64
        max_position_embeddings: 24
        type_vocab_size: %d
        hidden_dropout_prob: 0.0
        attention_probs_dropout_prob: 0.0
      learning_rate: 5.0e-3
      num_train_epochs: 5
      tokens_per_batch: 512
      warmup_ratio: 0.1
      labels: {부정: -1, 긍정: 1}
      threads: 1
      """;

  @TempDir private static Path directory;
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
    model = directory.resolve("model");
    StringWriter err = new StringWriter();
    assertEquals(0, InProcess.run(new StringWriter(), err, train(2, model)), err::toString);
  }

  @Test
  void train_contextColumn_isWhatTheManifestSaysAndTheServerReads() throws IOException {
    JsonNode manifest = new ObjectMapper().readTree(model.resolve("nunchi.json").toFile());
    assertEquals("text_and_context", manifest.get("input_template").textValue());
    assertTrue(manifest.get("quality").get("validation_accuracy").doubleValue() > 0.95);
  }

  @Test
  void evaluate_withAndWithoutTheColumn_showsWhatTheContextIsWorth() throws IOException {
    double with = accuracy("with", "--context-column", "question");
    assertTrue(with > 0.95, "accuracy " + with);
    double without = accuracy("without");
    assertTrue(without < 0.8, "accuracy " + without);
    assertTrue(err.toString().contains("--context-column names"), err::toString);
  }

  @Test
  void classify_exportedModel_readsTheColumn() throws IOException {
    Path exported = directory.resolve("exported");
    assertEquals(0, run("export", "--model", model, "--output", exported), err::toString);
    Path input =
        Files.writeString(
            directory.resolve("input.tsv"), "document\tquestion\n네\t재미있었나요\n네\t지루했나요\n네\t\n");
    for (Path each : List.of(model, exported)) {
      StringWriter answers = new StringWriter();
      assertEquals(
          0,
          InProcess.run(
              answers,
              err,
              "classify",
              "--model",
              each,
              "--input",
              input,
              "--context-column",
              "question",
              "--format",
              "tsv"),
          err::toString);
      List<String> lines = answers.toString().lines().toList();
      assertTrue(lines.get(1).startsWith("네\t긍정\t"), lines::toString);
      assertTrue(lines.get(2).startsWith("네\t부정\t"), lines::toString);
      assertEquals(4, lines.size());
    }
  }

  @Test
  void classify_contextColumnOfAModelWithoutOne_isRefused() throws IOException {
    Path input = Files.writeString(directory.resolve("plain.tsv"), "document\tquestion\n네\t글\n");
    Path plain = TinyModel.write(directory.resolve("tiny"));
    assertEquals(
        1, run("classify", "--model", plain, "--input", input, "--context-column", "question"));
    assertTrue(err.toString().contains("reads texts alone"), err::toString);
    assertEquals(2, run("classify", "네", "--context-column", "question"));
  }

  @Test
  void train_columnThatIsNotThere_isRefusedNamingIt() {
    Object[] arguments = train(2, directory.resolve("other"));
    assertEquals(
        1,
        run(
            Stream.concat(Stream.of(arguments), Stream.of("--set", "context_column=summary"))
                .toArray()));
    assertTrue(err.toString().contains("no context column: expected 'summary'"), err::toString);
    assertEquals(
        1,
        run(
            Stream.concat(Stream.of(arguments), Stream.of("--set", "input_template=null"))
                .toArray()));
    assertTrue(
        err.toString().contains("context_column is read with input_template"), err::toString);
  }

  /// As RoBERTa's kin have, whose tokenizer may be BERT's and mark a context all the same.
  @Test
  void train_networkWithOneTokenType_knowsTheContextBySeparators() {
    assertEquals(0, run(train(1, directory.resolve("one-type"))), err::toString);
  }

  private double accuracy(String name, Object... more) throws IOException {
    Path output = directory.resolve(name);
    assertEquals(
        0,
        run(
            Stream.concat(
                    Stream.of(
                        "evaluate",
                        "--model",
                        model,
                        "--data",
                        data.resolve("test.tsv"),
                        "--output",
                        output),
                    Stream.of(more))
                .toArray()),
        err::toString);
    return new ObjectMapper()
        .readTree(output.resolve("metrics.json").toFile())
        .get("accuracy")
        .doubleValue();
  }

  private static Object[] train(int tokenTypes, Path output) {
    try {
      Path recipe =
          Files.writeString(
              directory.resolve("recipe-%d.yaml".formatted(tokenTypes)),
              RECIPE.formatted(tokenTypes));
      return new Object[] {"train", "--recipe", recipe, "--data", data, "--output", output};
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private int run(Object... arguments) {
    return InProcess.run(out, err, arguments);
  }

  private static String rows(int count, long seed) {
    Random random = new Random(seed);
    StringBuilder rows = new StringBuilder("id\tdocument\tquestion\tlabel\n");
    for (int i = 0; i < count; i++) {
      boolean good = random.nextBoolean();
      rows.append(
          "%d\t네 %d번\t%s\t%s\n"
              .formatted(i, i % 90, good ? "재미있었나요" : "지루했나요", good ? "긍정" : "부정"));
    }
    return rows.toString();
  }
}
