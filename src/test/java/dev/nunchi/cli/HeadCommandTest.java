package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Heads on tiny encoders with random weights, which tell their pieces apart all the same.
class HeadCommandTest {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Path NGRAMS = Path.of("models/movie3-small");
  private static final List<String> ROWS =
      List.of(
          "영화\t긍정",
          "음식\t부정",
          "노래\t중립",
          "영화 영화\t긍정",
          "음식 음식\t부정",
          "노래 노래\t중립",
          "영화!\t긍정",
          "음식!\t부정",
          "노래!\t중립");

  @TempDir private Path directory;
  private Path encoder = Path.of("");
  private Path data = Path.of("");

  private record Result(int exitCode, String out, String err) {}

  @BeforeEach
  void export() throws IOException {
    encoder = exported(TinyCheckpoint.BERT);
    data = data("data", ROWS);
    Files.copy(data.resolve("train.tsv"), data.resolve("validation.tsv"));
  }

  private Path exported(TinyCheckpoint checkpoint) throws IOException {
    Path source =
        CopiedDirectory.of(checkpoint.path(), directory.resolve(checkpoint + "-checkpoint"));
    Path model = directory.resolve(checkpoint + "-model");
    Result result = run("export", "--model", source, "--output", model);
    assertEquals(0, result.exitCode(), result.err());
    return model;
  }

  private Path data(String name, List<String> rows) throws IOException {
    Path of = Files.createDirectories(directory.resolve(name));
    Files.write(
        of.resolve("train.tsv"),
        Stream.concat(Stream.of("document\tlabel"), rows.stream()).toList());
    return of;
  }

  @Test
  void head_onAnEncoder_answersWithTheLabelsThatItLearnt() throws IOException {
    Path head = directory.resolve("head");
    String description = "Says how a text feels";
    Result result =
        head(encoder, data, head, "--labels", "부정=-1,중립=0,긍정=1", "--description", description);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.err().contains("On 9 validation texts: accuracy 1.0000"), result.err());
    Manifest manifest = ManifestFile.read(head).orElseThrow();
    assertEquals(List.of("부정", "중립", "긍정"), manifest.task().labels().names());
    assertEquals(1.0, manifest.origin().quality().get("validation_macro_f1"));
    assertEquals(description, manifest.origin().provenance().get("description"));
    assertTrue(
        manifest
            .origin()
            .provenance()
            .getOrDefault("encoder", "")
            .startsWith("BERT-checkpoint sha256:"));
    for (String row : ROWS) {
      String[] parts = row.split("\t");
      JsonNode answer = answer(head, parts[0]);
      assertEquals(parts[1], answer.path("label").asText(), row);
      assertEquals(
          List.of("부정", "중립", "긍정").indexOf(parts[1]) - 1,
          Math.round(answer.path("polarity").asDouble()),
          row);
    }
  }

  @Test
  void head_onEveryKindOfPooling_findsTheEncoder() throws IOException {
    for (TinyCheckpoint checkpoint :
        List.of(
            TinyCheckpoint.ELECTRA,
            TinyCheckpoint.ROBERTA,
            TinyCheckpoint.MODERNBERT_MEAN,
            TinyCheckpoint.DEBERTA_V3,
            TinyCheckpoint.LLAMA)) {
      Path head = directory.resolve(checkpoint + "-head");
      Result result = head(exported(checkpoint), data, head);
      assertEquals(0, result.exitCode(), checkpoint + ": " + result.err());
    }
  }

  @Test
  void head_withoutValidation_keepsATenthToMeasureBy() throws IOException {
    List<String> rows =
        Stream.of("영화", "음식")
            .flatMap(word ->
                Stream.iterate(word, text -> text + " " + word)
                    .limit(10)
                    .map(text -> text + "\t" + (word.equals("영화") ? "a" : "b")))
            .toList();
    Result result = head(encoder, data("twenty", rows), directory.resolve("head"));
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.err().contains("On 2 validation texts: "), result.err());
  }

  @Test
  void head_linked_hasTheWeightsOfTheEncoderAndMovesWithIt() throws IOException {
    Path models = Files.createDirectories(directory.resolve("models"));
    Path base = Files.move(encoder, models.resolve("base"));
    Path head = models.resolve("head");
    Result result = head(base, data, head, "--link");
    assertEquals(0, result.exitCode(), result.err());
    Path weights = head.resolve("base.onnx.data");
    assertEquals(Path.of("../base/model.onnx.data"), Files.readSymbolicLink(weights));
    assertFalse(Files.exists(head.resolve("model.onnx.data")));
    Path both = models.resolve("both");
    Result combined = run("combine", "--model", head, "--with", NGRAMS, "--output", both, "--link");
    // The labels stand in another order there.
    assertTrue(combined.err().contains("in the same order"), combined.err());

    // Over itself, whose links are its own.
    Result again = head(base, data, head, "--link", "--overwrite", "--labels", "부정=-1,중립=0,긍정=1");
    assertEquals(0, again.exitCode(), again.err());
    combined = run("combine", "--model", head, "--with", NGRAMS, "--output", both, "--link");
    assertEquals(0, combined.exitCode(), combined.err());
    assertEquals(
        Path.of("../base/model.onnx.data"), Files.readSymbolicLink(both.resolve("base.onnx.data")));
    assertTrue(Files.isSymbolicLink(both.resolve("movie3-small.onnx.data")));
    assertEquals(3, answer(both, "영화").path("logits").size());

    JsonNode before = answer(head, "영화");
    Path moved = Files.move(models, directory.resolve("moved"));
    assertEquals(before.path("logits"), answer(moved.resolve("head"), "영화").path("logits"));
    Files.delete(moved.resolve("base/model.onnx.data"));
    Result dead = run("classify", "--model", moved.resolve("head"), "영화");
    assertTrue(dead.exitCode() != 0, dead.out());
    assertTrue(dead.err().contains("base.onnx.data"), dead.err());
  }

  @Test
  void head_ontoTheModelThatItsEncoderLinksTo_isRefusedAndBothStillAnswer() throws IOException {
    Path linked = directory.resolve("linked");
    assertEquals(0, head(encoder, data, linked, "--link").exitCode());
    String refusal = "The output %s holds files of the model %s ".formatted(encoder, linked);
    assertRefused(refusal, head(linked, data, encoder, "--link", "--overwrite"));
    assertRefused(refusal, head(linked, data, encoder, "--overwrite"));
    for (String[] options : new String[][] {{"--link", "--overwrite"}, {"--overwrite"}}) {
      assertRefused(
          refusal,
          run(
              Stream.concat(
                      Stream.of("combine", "--model", linked, "--with", NGRAMS),
                      Stream.concat(Stream.of("--output", encoder), Stream.of(options)))
                  .toArray()));
    }
    assertEquals(3, answer(linked, "영화").path("logits").size());
    assertEquals(3, answer(encoder, "영화").path("logits").size());
  }

  @Test
  void head_linkedToAFolderWithLettersOfNoManifest_hasALinkOfAnotherName() throws IOException {
    Path base = Files.move(encoder, directory.resolve("내 모델"));
    Path head = directory.resolve("head");
    Result result = head(base, data, head, "--link", "--labels", "부정,중립,긍정");
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(
        Path.of("../내 모델/model.onnx.data"), Files.readSymbolicLink(head.resolve("____.onnx.data")));
    assertEquals("긍정", answer(head, "영화").path("label").asText());
    Path hidden = Files.move(base, directory.resolve(".hidden"));
    Path other = directory.resolve("other");
    result = head(hidden, data, other, "--link");
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(Files.isSymbolicLink(other.resolve("_hidden.onnx.data")));
  }

  @Test
  void head_linkedAndNot_givesTheSameLogits() throws IOException {
    Path linked = directory.resolve("linked");
    Path copied = directory.resolve("copied");
    assertEquals(0, head(encoder, data, linked, "--link").exitCode());
    assertEquals(0, head(encoder, data, copied).exitCode());
    assertTrue(Files.isRegularFile(copied.resolve("model.onnx.data")));
    assertEquals(
        answer(linked, "노래 추천!!").path("logits"), answer(copied, "노래 추천!!").path("logits"));
  }

  @Test
  void head_whatCannotBe_isRefusedAndNothingIsWritten() throws IOException {
    Path head = directory.resolve("head");
    assertRefused(
        "does not end in a linear layer of fp32 over an encoder", head(NGRAMS, data, head));
    assertRefused(
        "has no text with the label '슬픔'", head(encoder, data, head, "--labels", "부정,중립,긍정,슬픔"));
    assertRefused("expected one of '부정', '중립'", head(encoder, data, head, "--labels", "부정,중립"));
    assertRefused("--labels takes each label once", head(encoder, data, head, "--labels", "부정,부정"));
    assertRefused(
        "--labels takes each label once", head(encoder, data, head, "--labels", "부정=2,긍정"));
    assertRefused(
        "a classifier needs at least two",
        head(encoder, data("one", List.of("영화\ta", "음식\ta")), head));
    assertRefused(
        "a tenth of 2 texts is none", head(encoder, data("two", List.of("영화\ta", "음식\tb")), head));
    assertTrue(Files.notExists(head));
  }

  private static void assertRefused(String expected, Result result) {
    assertTrue(result.exitCode() != 0, result.err());
    assertTrue(result.err().contains(expected), result.err());
  }

  private static JsonNode answer(Path model, String text) throws IOException {
    Result result = run("classify", "--model", model, "--format", "jsonl", text);
    assertEquals(0, result.exitCode(), result.err());
    return MAPPER.readTree(result.out());
  }

  private static Result head(Path model, Path data, Path output, String... options) {
    return run(
        Stream.concat(
                Stream.of("head", "--model", model, "--data", data, "--output", output),
                Stream.of(options))
            .toArray());
  }

  private static Result run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = InProcess.run(out, err, arguments);
    return new Result(exitCode, out.toString(), err.toString());
  }
}
