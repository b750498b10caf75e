package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Digests;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Precision;
import dev.nunchi.nn.TinyAdapter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An adapter of PEFT, as it is and merged.
class MergeCommandTest {
  @TempDir private Path directory;
  private Path adapter = Path.of("");
  private Path base = Path.of("");

  private record Result(int exitCode, String out, String err) {}

  @BeforeEach
  void copy() throws IOException {
    adapter = CopiedDirectory.of(TinyAdapter.BERT_USUAL.path(), directory.resolve("adapter"));
    base =
        CopiedDirectory.of(TinyAdapter.BERT_USUAL.checkpoint().path(), directory.resolve("base"));
  }

  @Test
  void merge_baseInADirectoryOfItsOwn_answersAsTheAdapterWithItsBase() throws IOException {
    Path merged = directory.resolve("merged");
    Result result = run("merge", "--model", adapter, "--base", base, "--output", merged);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.err().endsWith("merged with " + base + "\n"), result.err());
    assertTrue(Files.notExists(merged.resolve("adapter_config.json")));
    CopiedDirectory.edit(
        adapter.resolve("adapter_config.json"),
        config -> config.put("base_model_name_or_path", base.toString()));
    Result apart = run("classify", "--model", adapter, "--format", "jsonl", "영화 최고");
    Result whole = run("classify", "--model", merged, "--format", "jsonl", "영화 최고");
    assertEquals(0, apart.exitCode(), apart.err());
    assertEquals(apart.out(), whole.out());
    Path exported = directory.resolve("exported");
    Result export = run("export", "--model", adapter, "--output", exported);
    assertEquals(0, export.exitCode(), export.err());
    assertTrue(Files.exists(exported.resolve("config.json")), "that of the base");
    Result served = run("classify", "--model", exported, "--format", "tsv", "영화 최고");
    Result torch = run("classify", "--model", adapter, "--format", "tsv", "영화 최고");
    assertEquals(torch.out().split("\t")[1], served.out().split("\t")[1]);
  }

  @Test
  void merge_whatCannotBe_isRefusedAndNothingIsWritten() throws IOException {
    Path merged = directory.resolve("merged");
    assertRefused("which is not here", "merge", "--model", adapter, "--output", merged);
    assertRefused("is a whole model and no adapter", "merge", "--model", base, "--output", merged);
    Path roberta = TinyAdapter.ROBERTA_PATTERNS.checkpoint().path();
    assertRefused(
        "the adapter holds no tensor of a head (base_model.model.classifier.out_proj.weight)",
        "merge",
        "--model",
        adapter,
        "--base",
        roberta,
        "--output",
        merged);
    assertFalse(Files.exists(merged));
    assertRefused(
        "was not written by nunchi", "merge", "--model", adapter, "--base", base, "--output", base);
    assertRefused(
        "is missing: this is a LoRA adapter",
        "classify",
        "--backend",
        "onnx",
        "--model",
        adapter,
        "네");
  }

  @Test
  void export_adaptersSeparate_writesABaseThatAnswersAsTheAdapterWithItsOwn() throws IOException {
    CopiedDirectory.edit(
        adapter.resolve("adapter_config.json"),
        config -> config.put("base_model_name_or_path", base.toString()));
    Path shared = directory.resolve("shared");
    Result export = run("export", "--model", adapter, "--adapters", "separate", "--output", shared);
    assertEquals(0, export.exitCode(), export.err());
    assertTrue(export.err().endsWith("--base %s --model %s'%n".formatted(shared, adapter)));
    Result torch = run("classify", "--model", adapter, "--format", "tsv", "영화 최고", "별로");
    Result onnx =
        run("classify", "--model", adapter, "--base", shared, "--format", "tsv", "영화 최고", "별로");
    assertEquals(0, onnx.exitCode(), onnx.err());
    assertEquals(labels(torch), labels(onnx));
    assertRefused("describes a base of adapters", "classify", "--model", shared, "네");
    assertRefused("holds no LoRA adapter", "classify", "--model", base, "--base", shared, "네");
    assertRefused(
        "is a whole model and no adapter, so there is nothing to keep separate",
        "export",
        "--model",
        base,
        "--adapters",
        "separate",
        "--output",
        directory.resolve("none"));
    assertEquals(
        2,
        run(
                "export",
                "--model",
                adapter,
                "--adapters",
                "separate",
                "--precision",
                "int8",
                "--calibration",
                "a",
                "--validation",
                "b",
                "--output",
                shared)
            .exitCode());
    assertEquals(2, run("classify", "--base", shared, "네").exitCode());
  }

  @Test
  void mergeAndExport_ontoTheAdapterOrItsBase_areRefusedAndBothStayWhole() throws IOException {
    CopiedDirectory.edit(
        adapter.resolve("adapter_config.json"),
        config -> config.put("base_model_name_or_path", base.toString()));
    writeManifest(adapter);
    writeManifest(base);
    for (Path output : List.of(adapter, base)) {
      String refusal = "The output %s holds files of the model %s ".formatted(output, output);
      assertRefused(refusal, "merge", "--model", adapter, "--output", output, "--overwrite");
      assertRefused(refusal, "export", "--model", adapter, "--output", output, "--overwrite");
      assertRefused(
          refusal,
          "export",
          "--model",
          adapter,
          "--adapters",
          "separate",
          "--output",
          output,
          "--overwrite");
    }
    CheckpointDirectory.open(adapter).close();
    CheckpointDirectory.open(base).close();
  }

  /// Makes the files of a directory this program's own, which it replaces.
  private static void writeManifest(Path of) throws IOException {
    Manifest description;
    try (CheckpointDirectory opened = CheckpointDirectory.open(of)) {
      description = opened.description();
    }
    Map<String, String> files =
        Digests.of(
            of,
            CopiedDirectory.entries(of).stream()
                .map(entry -> entry.getFileName().toString())
                .toList());
    ManifestFile.write(
        of, description.written(Precision.FP32, Digests.revision(files), files, Map.of()));
  }

  private static List<String> labels(Result result) {
    return result.out().lines().map(line -> line.split("\t")[1]).toList();
  }

  private static void assertRefused(String sentence, Object... arguments) {
    Result result = run(arguments);
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains(sentence), result.err());
  }

  private static Result run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = InProcess.run(out, err, arguments);
    return new Result(exitCode, out.toString(), err.toString());
  }
}
