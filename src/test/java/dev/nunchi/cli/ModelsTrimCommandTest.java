package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Precision;
import dev.nunchi.nn.TinyAdapter;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelsTrimCommandTest {
  private static final List<String> TEXTS =
      List.of("영화 최고!", "정말 재밌어요", "음식은 별로네", "너무 지루했다.", "추천");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /// One of each kind: a table that is tied or not, in shards, in NF4 beside, with positions that
  /// begin behind the padding's id, with more rows than tokens.
  @ParameterizedTest
  @EnumSource(
      names = {"BERT", "ELECTRA", "ROBERTA", "MODERNBERT", "BERT_NF4", "LLAMA", "QWEN2", "GEMMA2"})
  void trim_textsWhosePiecesStay_haveTheSameLogitsBitForBit(TinyCheckpoint whole)
      throws IOException {
    Path trimmed = directory.resolve("trimmed");
    assertEquals(0, trim(whole.path(), "--held-out", "0", "--output", trimmed), err::toString);
    assertTrue(
        out.toString().contains("100.00 % of 5 have the same pieces, 0 others"), out::toString);
    try (CheckpointDirectory before = CheckpointDirectory.open(whole.path());
        CheckpointDirectory after = CheckpointDirectory.open(trimmed)) {
      assertTrue(after.network().vocabularySize() < before.network().vocabularySize());
      String table = after.network().parameters().getFirst().name();
      Weight rows = after.weights().get(table);
      assertEquals(after.network().vocabularySize(), rows.shape().getFirst());
      assertEquals(before.weights().get(table).type(), rows.type());
    }
    assertEquals(logits(whole.path()), logits(trimmed));
  }

  @Test
  void trim_someTexts_showsWhatChangesForOthersAndSaysWhereItCameFrom() throws IOException {
    Path whole = CopiedDirectory.of(TinyCheckpoint.BERT.path(), directory.resolve("whole"));
    Files.writeString(whole.resolve("README.md"), "---\nlicense: mit\n---\n\n# Whole\n\nText.\n");
    Files.writeString(whole.resolve("LICENSE"), "MIT License");
    Files.writeString(whole.resolve("vocab.txt"), "as it was");
    Files.writeString(whole.resolve("added_tokens.json"), "{\"[SEP]\": 3, \"[PAD]\": 0}");
    // Half of a character, which a file may hold as an escape.
    CopiedDirectory.edit(
        whole.resolve("config.json"), config -> config.put("dtype", "half \ud83d"));
    CopiedDirectory.edit(
        whole.resolve("tokenizer_config.json"),
        config -> config.putObject("added_tokens_decoder").putObject("3").put("content", "[SEP]"));
    Path trimmed = directory.resolve("trimmed");
    assertEquals(0, trim(whole, "--held-out", "0.4", "--output", trimmed), err::toString);
    String table = out.toString();
    assertTrue(table.contains("100.00 % of 3 have the same pieces"), table);
    assertTrue(table.contains("0.00 % of 2 have the same pieces, 2 others"), table);
    assertTrue(err.toString().endsWith("Wrote %s%n".formatted(trimmed)), err::toString);
    assertTrue(Files.readString(trimmed.resolve("config.json")).contains("half \\ud83d"));
    Manifest manifest = ManifestFile.read(trimmed).orElseThrow();
    assertEquals("whole", manifest.origin().provenance().get("source"));
    assertEquals("mit", manifest.origin().provenance().get("license"));
    assertTrue(
        manifest.origin().provenance().getOrDefault("vocabulary", "").endsWith(" of 64 pieces"));
    String card = Files.readString(trimmed.resolve("README.md"));
    assertTrue(
        card.startsWith("---\nlicense: mit\n---\n\n# Whole\n\nText.\n\n## Vocabulary\n"), card);
    assertTrue(card.contains(manifest.origin().provenance().get("source_digest")), card);
    assertEquals("MIT License", Files.readString(trimmed.resolve("LICENSE")));
    JsonNode vocabulary =
        MAPPER.readTree(trimmed.resolve("tokenizer.json").toFile()).path("model").path("vocab");
    List<String> pieces = new ArrayList<>();
    vocabulary.fieldNames().forEachRemaining(pieces::add);
    assertEquals(pieces, Files.readAllLines(trimmed.resolve("vocab.txt")));
    assertEquals(
        vocabulary.path("[SEP]").intValue(),
        MAPPER.readTree(trimmed.resolve("added_tokens.json").toFile()).path("[SEP]").intValue());
    assertEquals(
        vocabulary.path("[SEP]").asText(),
        MAPPER
            .readTree(trimmed.resolve("tokenizer_config.json").toFile())
            .path("added_tokens_decoder")
            .fieldNames()
            .next());
    assertEquals(1, trim(whole, "--output", trimmed));
    assertTrue(err.toString().contains("holds a model; --overwrite replaces it"), err::toString);
    assertEquals(0, trim(whole, "--output", trimmed, "--overwrite"), err::toString);
  }

  @Test
  void trim_ontoItsSource_isRefusedAndTheSourceStaysWhole() throws IOException {
    Path trimmed = directory.resolve("trimmed");
    assertEquals(0, trim(TinyCheckpoint.BERT.path(), "--output", trimmed), err::toString);
    assertEquals(1, trim(trimmed, "--output", trimmed, "--overwrite"));
    assertTrue(
        err.toString()
            .contains("The output %s holds files of the model %s ".formatted(trimmed, trimmed)),
        err::toString);
    CheckpointDirectory.open(trimmed).close();
  }

  @Test
  void trim_pieceThatIsRare_isSpelledWithShorterOnesWhereAskedFor() throws IOException {
    Path trimmed = directory.resolve("trimmed");
    assertEquals(
        0,
        trim(
            TinyCheckpoint.BERT.path(), "--min-count", "2", "--held-out", "0", "--output", trimmed),
        err::toString);
    assertFalse(out.toString().contains("100.00 %"), out::toString);
    assertTrue(Files.readString(trimmed.resolve("README.md")).contains("use at least 2 times"));
  }

  /// The probe of a trained model has other texts, and has to be answered as in training.
  @Test
  void trim_modelWithAProbe_answersItAsBefore() throws IOException {
    Path whole = CopiedDirectory.of(TinyCheckpoint.BERT.path(), directory.resolve("whole"));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(whole)) {
      ManifestFile.write(
          whole,
          checkpoint
              .description()
              .withProbe(TinyModel.probe())
              .withOrigin(new Manifest.Origin(Map.of("test_accuracy", 0.5), Map.of(), List.of()))
              .written(Precision.FP32, "sha256:" + "0".repeat(64), Map.of(), Map.of()));
    }
    Path trimmed = directory.resolve("trimmed");
    assertEquals(0, trim(whole, "--output", trimmed), err::toString);
    Checkpoint.requireProbe(trimmed);
    assertEquals(
        List.of("The figures were measured before the vocabulary was trimmed."),
        ManifestFile.read(trimmed).orElseThrow().origin().notes());
  }

  @Test
  void trim_whatCannotBe_isRefusedByNameAndNothingIsWritten() throws IOException {
    Path output = directory.resolve("output");
    assertRefused(TinyAdapter.BERT_USUAL.path(), "is an adapter, which has no vocabulary");
    assertRefused(TinyModel.write(directory.resolve("onnx")), "a model that was exported");
    Path damaged = CopiedDirectory.of(TinyCheckpoint.BERT.path(), directory.resolve("named"));
    CopiedDirectory.edit(damaged.resolve("config.json"), config -> config.put("eos_token_id", 64));
    assertRefused(damaged, "config.json: eos_token_id is 64, but ");
    Path bare = CopiedDirectory.of(TinyCheckpoint.BERT.path(), directory.resolve("bare"));
    Files.move(bare.resolve("tokenizer.json"), bare.resolve("vocab.txt"));
    Files.writeString(bare.resolve("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n가\n");
    assertRefused(bare, "tokenizer.json is missing");
    assertFalse(Files.exists(output));
    assertEquals(2, trim(bare, "--output", output, "--min-count", "0"));
    assertEquals(2, trim(bare, "--output", output, "--held-out", "0.9"));
    assertEquals(2, trim(bare, "--output", output, "--text-column"));
    assertRefused(directory.resolve("none"), "none");
  }

  private void assertRefused(Path model, String what) throws IOException {
    err.getBuffer().setLength(0);
    assertEquals(1, trim(model, "--output", directory.resolve("output")), err::toString);
    assertTrue(err.toString().contains(what), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  private int trim(Path model, Object... arguments) throws IOException {
    Path texts = Files.write(directory.resolve("texts.txt"), TEXTS);
    List<Object> all = new ArrayList<>(List.of("models", "trim", model, "--texts", texts));
    // Few characters of the tiny models have pieces of their own, without which longer ones stay.
    all.addAll(List.of("--characters", "used"));
    all.addAll(List.of(arguments));
    return InProcess.run(out, err, all.toArray());
  }

  /// Of the texts, as they are written, which tells every bit.
  private List<JsonNode> logits(Path model) throws IOException {
    StringWriter answers = new StringWriter();
    // One by one: which texts meet in a batch is a matter of time, and moves the last bits.
    List<Object> all =
        new ArrayList<>(
            List.of("classify", "--model", model, "--format", "jsonl", "--batch-size", "1"));
    all.addAll(TEXTS);
    assertEquals(0, InProcess.run(answers, err, all.toArray()), err::toString);
    List<JsonNode> logits = new ArrayList<>();
    for (String line : answers.toString().lines().toList()) {
      logits.add(MAPPER.readTree(line).path("logits"));
    }
    assertEquals(TEXTS.size(), logits.size());
    return logits;
  }
}
