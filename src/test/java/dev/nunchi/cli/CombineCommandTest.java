package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A tiny encoder beside the built-in model of three classes.
class CombineCommandTest {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Path NGRAMS = Path.of("models/movie3-small");

  /// Of pieces that the tiny encoder has.
  private static final List<String> TEXTS =
      List.of("영화 정말 최고!", "음식", "오늘 날씨 너무 별로네요. 다시는 실망했다", "노래 추천!!");

  @TempDir private Path directory;
  private Path encoder = Path.of("");

  private record Result(int exitCode, String out, String err) {}

  @BeforeEach
  void export() throws IOException {
    Path checkpoint =
        CopiedDirectory.of(TinyCheckpoint.BERT.path(), directory.resolve("checkpoint"));
    encoder = directory.resolve("encoder");
    Result exported = run("export", "--model", checkpoint, "--output", encoder);
    assertEquals(0, exported.exitCode(), exported.err());
  }

  @Test
  void combine_encoderAndNgrams_answersWithTheSumOfTheirLogits() throws IOException {
    Path both = directory.resolve("both");
    Result result =
        run("combine", "--model", encoder, "--with", NGRAMS, "--output", both, "--weight", "0.25");
    assertEquals(0, result.exitCode(), result.err());
    double temperature = ManifestFile.read(NGRAMS).orElseThrow().task().temperature();
    List<double[]> first = logits(encoder);
    List<double[]> second = logits(NGRAMS);
    List<double[]> sums = logits(both);
    for (int i = 0; i < TEXTS.size(); i++) {
      double[] expected = new double[3];
      for (int label = 0; label < 3; label++) {
        expected[label] = 0.75 * first.get(i)[label] + 0.25 / temperature * second.get(i)[label];
      }
      assertArrayEquals(expected, sums.get(i), 1e-4, TEXTS.get(i));
    }
  }

  @Test
  void combine_withValidation_fitsTheTemperatureAndSaysWhatEachDoes() throws IOException {
    Path validation = directory.resolve("validation.tsv");
    Files.writeString(validation, "document\tlabel\n영화 정말 최고!\t긍정\n오늘 날씨 너무 별로네요\t부정\n음식\t중립\n");
    Path both = directory.resolve("both");
    Result result =
        run(
            "combine",
            "--model",
            encoder,
            "--with",
            NGRAMS,
            "--output",
            both,
            "--validation",
            validation);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.err().contains("On 3 texts: accuracy "), result.err());
    assertTrue(
        result.err().contains("The second reads 100.00 % of them as it does by itself"),
        result.err());
    assertTrue(
        ManifestFile.read(both)
            .orElseThrow()
            .origin()
            .quality()
            .containsKey("validation_accuracy_of_second"));
  }

  @Test
  void combine_whatCannotBe_isRefusedAndNothingIsWritten() {
    Path both = directory.resolve("both");
    assertRefused(
        "models with the same labels in the same order are combined",
        "combine",
        "--model",
        encoder,
        "--with",
        "models/nsmc-small",
        "--output",
        both);
    assertRefused(
        "no vocabulary of single characters",
        "combine",
        "--model",
        encoder,
        "--with",
        encoder,
        "--output",
        both);
    assertRefused(
        "--weight is a share over 0 and below 1, as 0.5, not 1.0",
        "combine",
        "--model",
        encoder,
        "--with",
        NGRAMS,
        "--weight",
        "1",
        "--output",
        both);
    assertTrue(Files.notExists(both));
  }

  private void assertRefused(String expected, Object... arguments) {
    Result result = run(arguments);
    assertTrue(result.exitCode() != 0, result.err());
    assertTrue(result.err().contains(expected), result.err());
  }

  private List<double[]> logits(Path model) throws IOException {
    Result result =
        run(
            Stream.concat(
                    Stream.of("classify", "--model", model, "--format", "jsonl"), TEXTS.stream())
                .toArray());
    assertEquals(0, result.exitCode(), result.err());
    List<double[]> rows = new ArrayList<>();
    for (String line : result.out().lines().toList()) {
      JsonNode logits = MAPPER.readTree(line).path("logits");
      rows.add(
          StreamSupport.stream(logits.spliterator(), false)
              .mapToDouble(JsonNode::asDouble)
              .toArray());
    }
    return rows;
  }

  private static Result run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = InProcess.run(out, err, arguments);
    return new Result(exitCode, out.toString(), err.toString());
  }
}
