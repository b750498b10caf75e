package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestFileTest {
  private static final String DIGEST = "0123456789abcdef".repeat(4);
  private static final Manifest FULL =
      new Manifest(
          "nsmc-small",
          new Manifest.Task(
              new LabelSet(List.of(Label.of("부정", -1), Label.of("모름"), Label.of("긍정", 0.5))),
              ProblemType.MULTI_LABEL_CLASSIFICATION,
              1.25),
          new Manifest.Text(Normalization.STANDARD, Manifest.Text.TEXT_AND_CONTEXT, 128),
          new Manifest.Proof(
              Precision.INT8,
              "sha256:" + DIGEST,
              new Probe(
                  List.of(new Probe.Case("좋아요 😀", List.of(2, 9, 3), List.of(0.1f, -3e-8f, 12f)))),
              Map.of("model.onnx", DIGEST),
              Map.of("README.md", DIGEST)),
          new Manifest.Origin(
              Map.of("test_accuracy", 0.8625),
              Map.of("data", "NSMC, CC0"),
              List.of("Few texts."),
              new AnswerProfile(
                  Map.of("부정", 5L, "모름", 0L, "긍정", 7L),
                  List.of(0L, 1L, 2L, 3L, 2L, 1L, 1L, 2L),
                  List.of(6L, 2L, 1L, 1L, 1L, 1L, 0L))));

  @TempDir Path directory;

  @Test
  void read_whatWasWritten_isEqual() throws IOException {
    ManifestFile.write(directory, FULL);
    assertEquals(FULL, ManifestFile.read(directory).orElseThrow());
  }

  @Test
  void read_leastManifest_isEqual() throws IOException {
    Manifest least =
        Manifest.of(
                "m",
                LabelSet.of("a", "b"),
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                Normalization.NONE,
                1)
            .written(Precision.FP32, "sha256:" + DIGEST, Map.of(), Map.of());
    ManifestFile.write(directory, least);
    assertEquals(least, ManifestFile.read(directory).orElseThrow());
  }

  /// As a checkpoint of Hugging Face may have them in its `id2label`.
  @Test
  void read_labelsWithBlanksAtTheirEnds_areEqual() throws IOException {
    Manifest written =
        Manifest.of(
                "m",
                LabelSet.of("negative ", " positive", "neutral\n", "neutral"),
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                Normalization.NONE,
                1)
            .written(Precision.FP32, "sha256:" + DIGEST, Map.of(), Map.of());
    ManifestFile.write(directory, written);
    assertEquals(written, ManifestFile.read(directory).orElseThrow());
  }

  @Test
  void replace_ofAFileThatIsThere_leavesNothingElse() throws IOException {
    ManifestFile.write(directory, FULL.withTemperature(3));
    ManifestFile.replace(directory, FULL);
    assertEquals(FULL, ManifestFile.read(directory).orElseThrow());
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(List.of(directory.resolve("nunchi.json")), files.toList());
    }
  }

  @Test
  void write_sameManifestTwice_givesTheSameBytesInTheOrderOfTheFormat() throws IOException {
    ManifestFile.write(directory, FULL);
    Path other = Files.createDirectory(directory.resolve("other"));
    ManifestFile.write(other, FULL);
    String text = Files.readString(directory.resolve("nunchi.json"));
    assertEquals(text, Files.readString(other.resolve("nunchi.json")));
    assertTrue(
        text.startsWith(
            "{\n  \"format_version\": 1,\n  \"format_minor\": 2,\n  \"name\": \"nsmc-small\",\n"),
        text);
    assertTrue(text.contains("\"name\": \"부정\""), text);
    assertTrue(text.endsWith("}\n"), text);
  }

  @Test
  void read_noFile_isEmpty() {
    assertTrue(ManifestFile.read(directory).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "format_version",
        "name",
        "revision",
        "labels",
        "problem_type",
        "normalization",
        "input_template",
        "max_length",
        "precision",
        "temperature",
        "probe",
        "quality",
        "provenance",
        "files"
      })
  void read_missingKey_isRefusedNamingIt(String key) throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> json.remove(key));
    NunchiException e = refusal();
    assertTrue(e.getMessage().contains(key), e.getMessage());
    assertTrue(e.getMessage().endsWith("missing"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "format_version | 0 | format_version should be a whole number",
        "format_version | \"1\" | format_version should be a whole number",
        "format_minor | -1 | format_minor should be a whole number",
        "format_minor | \"1\" | format_minor should be a whole number",
        "temprature | 1 | temprature is not a key of it",
        "name | \"\" | name should be a name",
        "name | \"nsmc-small \" | name should be a name",
        "revision | \"latest\" | revision should be sha256: and 64",
        "labels | {} | labels should be a list",
        "labels | [] | labels should be one or more labels",
        "labels | [\"a\"] | labels should be an object",
        "labels | [{\"name\": \"a\"}] | labels: polarity is missing",
        "labels | [{\"name\": \"a\", \"polarity\": 2}] | labels: polarity should be null or a"
            + " number in [-1, 1] for 'a'",
        "labels | [{\"name\": 1, \"polarity\": null}] | name should be a name",
        "labels | [{\"name\": \" \u3000\", \"polarity\": null}] | name should be a name that is not"
            + " blank, but is \" \u3000\"",
        "labels | [{\"name\":\"a\",\"polarity\":1},{\"name\":\"a\",\"polarity\":1}]"
            + " | labels of different names",
        "problem_type | \"ranking\" | problem_type should be one of single_label",
        "problem_type | \"regression\" | labels should be one label where problem_type is"
            + " regression",
        "normalization | null | normalization should be an object",
        "normalization | {} | normalization: version is missing",
        "normalization | {\"version\":1,\"compatibility_forms\":1,\"invisible_characters\":true,"
            + "\"jamo\":true,\"composition\":true,\"white_space\":true,\"max_run\":0}"
            + " | compatibility_forms should be true or false",
        "normalization | {\"version\":99,\"compatibility_forms\":true,"
            + "\"invisible_characters\":true,\"jamo\":true,\"composition\":true,"
            + "\"white_space\":true,\"max_run\":0} | version should be a whole number in [0, 2]",
        "input_template | 1 | input_template should be a string",
        "max_length | 0 | max_length should be a whole number",
        "max_length | 1.5 | max_length should be a whole number",
        "precision | \"int4\" | precision should be one of fp32, fp16, bf16, int8,",
        "temperature | 0 | temperature should be a number over 0",
        "temperature | 1e999 | temperature should be a number over 0",
        "probe | [] | probe should be null or a list of cases",
        "probe | [{\"text\":\"a\",\"input_ids\":[],\"logits\":[1,2,3]}] | 0 ids and 3 logits",
        "probe | [{\"text\":\"a\",\"input_ids\":[1],\"logits\":[1,2]}] | 1 ids and 2 logits",
        "probe | [{\"text\":\"a\",\"input_ids\":[-1],\"logits\":[1,2,3]}] | input_ids should be",
        "probe | [{\"text\":\"a\",\"input_ids\":[1],\"logits\":[1,2,\"x\"]}] | logits should be",
        "quality | {\"accuracy\": \"high\"} | quality: accuracy should be a number",
        "provenance | {\"data\": 1} | provenance: data should be a string",
        "files | {\"model.onnx\": \"abc\"} | files: model.onnx should be 64 hexadecimal digits",
        "files | 1 | files should be an object",
        "notes | [1] | notes should be a list of strings",
        "reference | [] | reference should be an object",
        "reference | {\"labels\":{}} | reference: labels: 부정 is missing",
        "reference | {\"labels\":{\"부정\":-1}} | reference: labels: 부정 should be a count, 0 or more",
        "reference | {\"labels\":{\"부정\":0.5}} | reference: labels: 부정 should be a count, 0 or"
            + " more",
        "reference |"
            + " {\"labels\":{\"부정\":1,\"모름\":0,\"긍정\":0},\"confidence\":[1],\"unknown_tokens\":[1]}"
            + " | reference: confidence should be 8 counts, but is a list of 1",
        "reference | {\"labels\":{\"부정\":0,\"모름\":0,\"긍정\":0},"
            + "\"confidence\":[0,0,0,0,0,0,0,0],\"unknown_tokens\":[0,0,0,0,0,0,0]}"
            + " | reference should be that of one text or more, but is of none",
        "reference | {\"labels\":{\"부정\":1,\"모름\":0,\"긍정\":0,\"아무\":1},"
            + "\"confidence\":[1,0,0,0,0,0,0,0],\"unknown_tokens\":[1,0,0,0,0,0,0]}"
            + " | reference: labels: 아무 is not a key of it",
        "documents | {\"README.md\": 1} | documents: README.md should be 64 hexadecimal digits",
      })
  void read_wrongValue_isRefusedNamingTheKey(String key, String value, String fault)
      throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> json.set(key, parsed(value)));
    NunchiException e = refusal();
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }

  @Test
  void read_keyOfNoFormatInsideAnObject_isRefusedNamingItsPlace() throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> ((ObjectNode) json.get("probe").get(0)).put("tokens", 3));
    assertTrue(refusal().getMessage().endsWith("probe: tokens is not a key of it"));
  }

  @Test
  void read_formatBeforeMinorVersions_isTaken() throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> json.remove(List.of("format_minor", "documents", "notes", "reference")));
    Manifest read = ManifestFile.read(directory).orElseThrow();
    assertEquals(Map.of(), read.proof().documents());
    assertEquals(List.of(), read.origin().notes());
    assertEquals(FULL.proof().files(), read.proof().files());
  }

  @Test
  void read_newerMinorVersion_leavesOutWhatItDoesNotKnow() throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> {
      json.put("format_minor", Manifest.FORMAT_MINOR + 1).put("colour", "blue");
      ((ObjectNode) json.get("labels").get(0)).put("description", "bad");
      ((ObjectNode) json.get("probe").get(0)).putObject("more").put("tokens", 3);
    });
    assertEquals(FULL, ManifestFile.read(directory).orElseThrow());
  }

  @Test
  void read_newerMinorVersion_stillNeedsWhatTheFormatHas() throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> json.put("format_minor", Manifest.FORMAT_MINOR + 1).remove("temperature"));
    assertTrue(refusal().getMessage().endsWith("temperature is missing"));
  }

  @Test
  void read_newerVersion_isRefusedWhateverItsKeysAre() throws IOException {
    Files.writeString(
        directory.resolve("nunchi.json"), "{\"format_version\": 2, \"format_minor\": \"b\"}");
    NunchiException e = assertThrows(NunchiException.class, () -> ManifestFile.read(directory));
    assertEquals(Reason.UNSUPPORTED_MODEL, e.reason());
    assertTrue(
        e.getMessage()
            .endsWith(
                "nunchi.json was written by a newer Nunchi (format_version 2; this one reads 1);"
                    + " update Nunchi"),
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nsmc-small", "movie3-small"})
  void read_modelsOfTheFirstFormat_areTaken(String name) {
    Manifest manifest = ManifestFile.read(Path.of("models", name)).orElseThrow();
    assertEquals(name, manifest.name());
    assertEquals(Precision.INT8, manifest.proof().precision());
  }

  @Test
  void read_textAndContext_isTaken() throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> json.put("input_template", "text_and_context"));
    assertEquals(
        Manifest.Text.TEXT_AND_CONTEXT,
        ManifestFile.read(directory).orElseThrow().text().inputTemplate());
  }

  @Test
  void read_otherInputTemplate_isRefusedByName() throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> json.put("input_template", "{context}: {text}"));
    NunchiException e = assertThrows(NunchiException.class, () -> ManifestFile.read(directory));
    assertEquals(Reason.UNSUPPORTED_MODEL, e.reason());
    assertTrue(
        e.getMessage().contains("input_template '{context}: {text}' is not supported"),
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"../secret", "a/b", ".."})
  void read_fileOutsideTheDirectory_isRefused(String name) throws IOException {
    ManifestFile.write(directory, FULL);
    edit(json -> json.set("files", new ObjectMapper().createObjectNode().put(name, DIGEST)));
    assertTrue(refusal().getMessage().contains("names of files of this directory"));
  }

  private void edit(Consumer<ObjectNode> change) throws IOException {
    CopiedDirectory.edit(directory.resolve("nunchi.json"), change);
  }

  private static JsonNode parsed(String value) {
    try {
      return new ObjectMapper().readTree(value);
    } catch (IOException e) {
      throw new IllegalArgumentException(value, e);
    }
  }

  private NunchiException refusal() {
    NunchiException e = assertThrows(NunchiException.class, () -> ManifestFile.read(directory));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(
        e.getMessage().startsWith(directory.resolve("nunchi.json").toString()), e.getMessage());
    return e;
  }
}
