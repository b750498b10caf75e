package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.data.Example;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.train.Teacher;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `train --teacher` with the models of this program as teachers.
class TeacherCommandTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> TEXTS =
      List.of("정말 재미있어요", "ＡＢＣ   너무 지루해요", "그냥 그래요 " + "정말 ".repeat(40), "네");

  @TempDir private static Path directory;
  private static Path onnx = Path.of("");
  private static Path data = Path.of("");
  private static Path ngrams = Path.of("");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void write() throws IOException {
    onnx = TinyModel.write(directory.resolve("tiny"));
    ngrams =
        Files.writeString(
            directory.resolve("ngrams.yaml"),
            """
            tokenizer_type: characters
            max_length: 64
            model_config: {model_type: ngram_linear, ngram_buckets: 4096, max_position_embeddings: 64}
            optim: adagrad
            learning_rate: 0.1
            threads: 1
            """);
    data = Files.createDirectory(directory.resolve("data"));
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < 30; i++) {
      rows.append(
          "%d\t%s %d\t%s\n"
              .formatted(i, TEXTS.get(i % 2), i, List.of("부정", "중립", "긍정").get(i % 3)));
    }
    Files.writeString(data.resolve("train.tsv"), rows);
    Files.writeString(data.resolve("validation.tsv"), rows);
    Files.writeString(data.resolve("unlabelled.txt"), String.join("\n", TEXTS) + "\n");
  }

  @Test
  void score_modelAndCheckpoint_areTheLogitsThatClassifyGives() throws IOException {
    for (Path model : List.of(onnx, TinyCheckpoint.BERT.path())) {
      Teacher teacher = TeacherModel.of(model, Device.CPU, BaseModels.NONE);
      Teacher.Scored scored;
      try (Teacher.Scorer scorer = teacher.open()) {
        scored = scorer.score(examples());
      }
      assertEquals(1, scored.truncated(), model.toString());
      List<Object> command =
          new ArrayList<>(
              List.of(
                  "classify",
                  "--model",
                  model,
                  "--format",
                  "jsonl",
                  "--truncation",
                  "keep-head-and-tail",
                  "--batch-size",
                  "4"));
      command.addAll(TEXTS);
      StringWriter answers = new StringWriter();
      assertEquals(0, InProcess.run(answers, err, command.toArray()), err::toString);
      List<String> lines = answers.toString().lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        JsonNode logits = MAPPER.readTree(lines.get(i)).get("logits");
        float[] expected = new float[logits.size()];
        for (int label = 0; label < expected.length; label++) {
          expected[label] = logits.get(label).floatValue();
        }
        assertArrayEquals(expected, scored.logits()[i], 1e-5f, "text " + i);
      }
    }
  }

  private static List<Example> examples() {
    return TEXTS.stream().map(text -> new Example("x", text, List.of())).toList();
  }

  @Test
  void description_editedModel_hasAnotherDigestWhereItsLogitsMayBeOthers() throws IOException {
    Path copy = CopiedDirectory.of(onnx, directory.resolve("copy"));
    String before = TeacherModel.of(copy, Device.CPU, BaseModels.NONE).description().digest();
    assertEquals(TeacherModel.of(onnx, Device.CPU, BaseModels.NONE).description().digest(), before);
    CopiedDirectory.edit(copy.resolve("nunchi.json"), manifest -> manifest.put("temperature", 3));
    assertEquals(before, TeacherModel.of(copy, Device.CPU, BaseModels.NONE).description().digest());
    CopiedDirectory.edit(copy.resolve("nunchi.json"), manifest -> manifest.put("max_length", 12));
    assertNotEquals(
        before, TeacherModel.of(copy, Device.CPU, BaseModels.NONE).description().digest());
  }

  @Test
  void score_textThatTheTeacherDoesNotTake_isNamed() {
    Teacher teacher = TeacherModel.of(onnx, Device.CPU, BaseModels.NONE);
    try (Teacher.Scorer scorer = teacher.open()) {
      NunchiException refused =
          assertThrows(
              NunchiException.class,
              () -> scorer.score(List.of(new Example("r7", "\u200b", List.of()))));
      assertTrue(
          refused
              .getMessage()
              .startsWith("The teacher %s does not take the text with the id r7: ".formatted(onnx)),
          refused.getMessage());
    }
  }

  @Test
  void train_modelAsTeacherOfNgrams_keepsItsScoresAndSaysWhoTaught() throws IOException {
    Path output = directory.resolve("student");
    List<Object> command =
        List.of(
            "train",
            "--recipe",
            ngrams,
            "--data",
            data,
            "--output",
            output,
            "--teacher",
            onnx,
            "--set",
            "max_steps=2",
            "--set",
            "labels=[긍정, 부정, 중립]");
    List<Object> dry = new ArrayList<>(command);
    dry.add("--dry-run");
    assertEquals(0, run(dry), err::toString);
    assertTrue(out.toString().contains("teacher: "), out::toString);
    assertTrue(
        err.toString().contains("taught by tiny (sha256:")
            && err.toString().contains("licence none"),
        err::toString);
    assertTrue(
        err.toString()
            .contains(
                "temperature 2.0, weight 0.5 beside the labels, 34 texts, 4 of them without a"
                    + " label; it scores 34 different ones, before its calibration"),
        err::toString);
    assertFalse(Files.exists(output));
    assertEquals(0, run(command), err::toString);
    assertTrue(err.toString().contains("Scoring 34 texts with the teacher"), err::toString);
    assertTrue(err.toString().contains("34 of 34 texts (100 %)"), err::toString);
    assertTrue(err.toString().contains("head and tail alone of 1 of 34 texts"), err::toString);
    JsonNode manifest = MAPPER.readTree(output.resolve("nunchi.json").toFile());
    assertEquals("tiny", manifest.get("provenance").get("teacher").textValue());
    List<Object> again = new ArrayList<>(dry);
    again.add("--overwrite");
    err.getBuffer().setLength(0);
    assertEquals(0, run(again), err::toString);
    assertTrue(err.toString().contains("as all scores are kept"), err::toString);
  }

  @Test
  void train_adapterAsTeacherOfAnAdapter_isTaught() throws IOException {
    Path output = directory.resolve("adapter");
    assertEquals(
        0,
        run(
            List.of(
                "train",
                "--recipe",
                "three-class-bert",
                "--data",
                data,
                "--output",
                output,
                "--teacher",
                onnx,
                "--set",
                "model_name_or_path=" + TinyCheckpoint.BERT.path(),
                "--set",
                "lora.r=2",
                "--set",
                "max_steps=1",
                "--set",
                "max_length=24",
                "--set",
                "threads=1")),
        err::toString);
    Path taught = directory.resolve("taught");
    assertEquals(
        0,
        run(
            List.of(
                "train",
                "--recipe",
                ngrams,
                "--data",
                data,
                "--output",
                taught,
                "--teacher",
                output,
                "--set",
                "max_steps=1")),
        err::toString);
    JsonNode manifest = MAPPER.readTree(taught.resolve("nunchi.json").toFile());
    assertEquals("adapter", manifest.get("provenance").get("teacher").textValue());
  }

  @Test
  void train_teacherThatIsNone_isRefusedInOneSentence() {
    Path output = directory.resolve("refused");
    for (List<Object> wrong :
        List.<List<Object>>of(
            List.of("--teacher", directory.resolve("nowhere")),
            List.of("--teacher", data),
            List.of("--teacher", onnx, "--set", "teacher=other"),
            List.of("--teacher", ""),
            List.of("--teacher", onnx, "--set", "distillation_temperature=0"),
            List.of("--teacher", onnx, "--set", "distillation_alpha=1.5"))) {
      err.getBuffer().setLength(0);
      List<Object> command =
          new ArrayList<>(List.of("train", "--recipe", ngrams, "--data", data, "--output", output));
      command.addAll(wrong);
      assertNotEquals(0, run(command), wrong::toString);
      assertFalse(err.toString().isBlank(), wrong::toString);
      assertFalse(Files.exists(output), wrong::toString);
    }
  }

  private int run(List<Object> command) {
    return InProcess.run(out, err, command.toArray());
  }
}
