package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.export.onnx.ModelProto;
import dev.nunchi.export.onnx.ValueInfoProto;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Digests;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import dev.nunchi.train.ProbeRecorder;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Execution(ExecutionMode.CONCURRENT)
class OnnxExporterTest {
  @TempDir Path temporary;
  private Path output = Path.of("");

  @BeforeEach
  void nameOutput() {
    output = temporary.resolve("out");
  }

  @ParameterizedTest
  @EnumSource
  void export_tinyCheckpoint_givesTheLogitsOfTransformersInABatchAndAlone(TinyCheckpoint tiny) {
    try (OnnxModel model = exported(tiny)) {
      for (TinyCheckpoint.Case expected : tiny.cases()) {
        float[][] logits = model.logits(expected.batch());
        for (int row = 0; row < logits.length; row++) {
          assertClose(expected.logits()[row], logits[row], 1e-4, expected.name());
        }
      }
      for (TinyCheckpoint.Case ragged : withTokens(tiny)) {
        float[][] together = model.logits(ragged.batch());
        for (int row = 0; row < together.length; row++) {
          float[] alone = model.logits(row(ragged.batch(), row))[0];
          assertClose(doubles(alone), together[row], 1e-5, ragged.name() + " " + row);
        }
      }
    }
  }

  @Test
  void export_rowOfPaddingAlone_isFinite() {
    try (OnnxModel model = exported(TinyCheckpoint.BERT)) {
      PaddedBatch padding = new PaddedBatch(1, 3, new long[3], new long[3], new long[3]);
      for (float logit : model.logits(padding)[0]) {
        assertTrue(Float.isFinite(logit), () -> "logit " + logit);
      }
    }
  }

  @Test
  void export_trainedCheckpoint_carriesItsManifest() throws IOException {
    Path trained = temporary.resolve("trained");
    LabelSet labels =
        new LabelSet(List.of(Label.of("부정", -1), Label.of("중립", 0), Label.of("긍정", 1)));
    Probe probe = probe(TinyCheckpoint.BERT, Normalization.STANDARD, 16);
    Manifest manifest =
        Manifest.of(
                "tiny", labels, ProblemType.SINGLE_LABEL_CLASSIFICATION, Normalization.STANDARD, 16)
            .withProbe(probe)
            .withTemperature(1.5)
            .withOrigin(
                new Manifest.Origin(
                    Map.of("test_accuracy", 0.5), Map.of("data", "made up"), List.of()));
    writeTrained(trained, manifest);
    try (CheckpointDirectory source = CheckpointDirectory.open(trained)) {
      new OnnxExporter().export(source, output, ExportOptions.FP32);
    }
    Manifest exported = ModelDirectory.open(output).manifest();
    assertEquals(labels, exported.task().labels());
    assertEquals(Normalization.STANDARD, exported.text().normalization());
    assertEquals(16, exported.text().maxLength());
    assertEquals(1.5, exported.task().temperature());
    assertEquals(probe, exported.proof().probe());
    assertEquals(Map.of("test_accuracy", 0.5), exported.origin().quality());
    assertEquals(Map.of("data", "made up"), exported.origin().provenance());
    assertEquals(Precision.FP32, exported.proof().precision());
    assertEquals(
        Digests.revision(Digests.of(output, exported.proof().files().keySet())),
        exported.proof().revision());
    assertEquals(
        List.of(
            "config.json",
            "model.onnx",
            "model.onnx.data",
            "tokenizer.json",
            "tokenizer_config.json"),
        List.copyOf(exported.proof().files().keySet()));
    assertEquals("# tiny\n", Files.readString(output.resolve("README.md")));
    assertEquals(
        Map.of("README.md", Digests.sha256(output.resolve("README.md"))),
        ModelDirectory.open(output).manifest().proof().documents());
  }

  @Test
  void export_logOfTheTraining_goesAlongAndNoOlderOneStays() throws IOException {
    Path source = copy();
    Files.writeString(source.resolve("metrics.jsonl"), "{\"step\":1,\"loss\":0.5}\n");
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(source)) {
      new OnnxExporter().export(checkpoint, probe(TinyCheckpoint.BERT), output, ExportOptions.FP32);
    }
    assertEquals("{\"step\":1,\"loss\":0.5}\n", Files.readString(output.resolve("metrics.jsonl")));
    exported(TinyCheckpoint.BERT).close();
    assertFalse(Files.exists(output.resolve("metrics.jsonl")));
  }

  @Test
  void export_tamperedAfterwards_isNotOpened() throws IOException {
    exported(TinyCheckpoint.BERT).close();
    Files.write(output.resolve("model.onnx.data"), new byte[100]);
    NunchiException e = assertThrows(NunchiException.class, () -> ModelDirectory.open(output));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().contains("model.onnx.data is not the file"), e.getMessage());
  }

  @Test
  void export_probeMissed_failsNamingTextAndDifferenceAndKeepsWhatWasThere() throws IOException {
    exported(TinyCheckpoint.BERT).close();
    List<Path> before = CopiedDirectory.entries(output);
    List<Probe.Case> cases = new ArrayList<>(probe(TinyCheckpoint.BERT).cases());
    Probe.Case second = cases.get(1);
    List<Float> logits = new ArrayList<>(second.logits());
    logits.set(2, logits.get(2) + 0.25f);
    cases.set(1, new Probe.Case(second.text(), second.inputIds(), logits));
    NunchiException e =
        refusal(TinyCheckpoint.BERT.path(), new Probe(cases), ExportOptions.FP32.replacing());
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(
        e.getMessage()
            .startsWith(output + " was not written: Logit 2 of text 1 of the model's probe is "),
        e.getMessage());
    assertEquals(before, CopiedDirectory.entries(output));
    assertEquals(List.of(output), CopiedDirectory.entries(temporary));
  }

  @Test
  void export_tokenizerOfAnotherModel_failsNamingTheText() throws IOException {
    List<Probe.Case> cases = new ArrayList<>(probe(TinyCheckpoint.BERT).cases());
    Probe.Case first = cases.getFirst();
    List<Integer> ids = new ArrayList<>(first.inputIds());
    ids.set(1, ids.get(1) + 1);
    cases.set(0, new Probe.Case(first.text(), ids, first.logits()));
    NunchiException e = refusal(TinyCheckpoint.BERT.path(), new Probe(cases), ExportOptions.FP32);
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(
        e.getMessage().contains("Text 0 of the model's probe has other token ids"), e.getMessage());
    assertEquals(List.of(), CopiedDirectory.entries(temporary));
  }

  @Test
  void export_noProbe_isRefused() {
    try (CheckpointDirectory source = CheckpointDirectory.open(TinyCheckpoint.BERT.path())) {
      NunchiException e =
          assertThrows(
              NunchiException.class,
              () -> new OnnxExporter().export(source, output, ExportOptions.FP32));
      assertEquals(Reason.INVALID_MODEL, e.reason());
      assertTrue(e.getMessage().contains("has no probe in nunchi.json"), e.getMessage());
    }
  }

  /// Where tokens meet in attention alone, and rows are computed on the CPU.
  @ParameterizedTest
  @EnumSource
  void export_postNormEncoder_leavesPaddingOutButInAttention(TinyCheckpoint tiny)
      throws IOException {
    boolean packed =
        switch (tiny) {
          case BERT,
              ELECTRA,
              ELECTRA_PROJECTED,
              ROBERTA,
              XLM_ROBERTA,
              DISTILBERT,
              BERT_NF4,
              ROBERTA_NF4 ->
              true;
          default -> false;
        };
    exported(tiny).close();
    assertPacked(packed);
    exported(tiny, ExportOptions.of(Precision.FP16)).close();
    assertPacked(false);
  }

  private void assertPacked(boolean packed) throws IOException {
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(output.resolve("model.onnx")));
    assertEquals(
        packed,
        model.getMetadataPropsList().stream()
            .anyMatch(entry ->
                entry.getKey().equals(OnnxModel.PACKED_TOKENS) && entry.getValue().equals("true")));
    // The sums between the layers.
    List<String> padded =
        model.getGraph().getValueInfoList().stream()
            .filter(value -> value.getName().endsWith("output.LayerNorm"))
            .filter(value ->
                value
                    .getType()
                    .getTensorType()
                    .getShape()
                    .getDim(1)
                    .getDimParam()
                    .equals("sequence_length"))
            .map(ValueInfoProto::getName)
            .toList();
    assertTrue(!packed || padded.isEmpty(), padded::toString);
  }

  /// Nothing is a share that Softmax had as a subnormal number before it divided by the sum.
  @Test
  void export_postNormEncoder_givesPaddingASmallNormalShare() throws IOException, OrtException {
    exported(TinyCheckpoint.BERT).close();
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(output.resolve("model.onnx")));
    List<ValueInfoProto> shares =
        model.getGraph().getValueInfoList().stream()
            .filter(value -> value.getName().endsWith(".shares"))
            .toList();
    Path shown = output.resolve("shares.onnx");
    Files.write(
        shown,
        model.toBuilder()
            .setGraph(model.getGraph().toBuilder().clearOutput().addAllOutput(shares))
            .build()
            .toByteArray());
    long[] shape = {2, 6};
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OnnxTensor ids = tensor(environment, shape, 2, 5, 6, 7, 8, 3, 2, 5, 3, 0, 0, 0);
        OnnxTensor mask = tensor(environment, shape, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
        OnnxTensor types = tensor(environment, shape, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        OrtSession session = environment.createSession(shown.toString());
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", ids, "attention_mask", mask, "token_type_ids", types))) {
      for (Map.Entry<String, OnnxValue> each : result) {
        float[] values = ((OnnxTensor) each.getValue()).getFloatBuffer().array();
        int small = 0;
        for (float value : values) {
          assertTrue(value >= Float.MIN_NORMAL, () -> each.getKey() + ": " + value);
          small += value < 1e-20f ? 1 : 0;
        }
        assertTrue(small > 0, each.getKey() + " has no padding");
      }
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, long[] shape, long... values)
      throws OrtException {
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
  }

  @ParameterizedTest
  @EnumSource
  void export_fp16_staysNearAndHalvesTheWeights(TinyCheckpoint tiny) throws IOException {
    output = temporary.resolve("fp16");
    try (OnnxModel model = exported(tiny, ExportOptions.of(Precision.FP16))) {
      assertEquals(Precision.FP16, ModelDirectory.open(output).manifest().proof().precision());
      for (TinyCheckpoint.Case expected : tiny.cases()) {
        float[][] logits = model.logits(expected.batch());
        for (int row = 0; row < logits.length; row++) {
          assertClose(expected.logits()[row], logits[row], 1e-2, expected.name());
        }
      }
    }
    assertTrue(shareOfFp32(tiny) < 0.65);
  }

  @ParameterizedTest
  @EnumSource
  void export_int8_keepsLabelsIsSmallAndAnswersAloneAsInABatch(TinyCheckpoint tiny)
      throws IOException {
    List<LabelledText> validation = labelled(tiny, 0.2);
    output = temporary.resolve("int8");
    ExportOptions options =
        new ExportOptions(Precision.INT8, texts(tiny), new Validation.Labels(validation));
    try (OnnxModel model = exported(tiny, options)) {
      Manifest manifest = ModelDirectory.open(output).manifest();
      assertEquals(Precision.INT8, manifest.proof().precision());
      assertEquals(1.0, manifest.origin().quality().get("validation_label_agreement_with_fp32"));
      assertEquals(0.0, manifest.origin().quality().get("validation_accuracy_change_from_fp32"));
      for (TinyCheckpoint.Case ragged : withTokens(tiny)) {
        float[][] together = model.logits(ragged.batch());
        for (int row = 0; row < together.length; row++) {
          float[] alone = model.logits(row(ragged.batch(), row))[0];
          if (computesSigmoid(tiny)) {
            // ONNX Runtime's takes the last one to three numbers of a tensor by another way.
            assertArrayEquals(alone, together[row], 1e-6f, ragged.name() + " " + row);
          } else {
            assertArrayEquals(alone, together[row], ragged.name() + " " + row);
          }
        }
      }
    }
    assertTrue(shareOfFp32(tiny) < 0.45);
  }

  @ParameterizedTest
  @EnumSource(names = {"ELECTRA", "LLAMA", "GEMMA3"})
  void export_bf16_keepsTheNumbersOfTheUpperHalf(TinyCheckpoint tiny) throws IOException {
    output = temporary.resolve("bf16");
    assertNear(tiny, Precision.BF16, 8e-2);
    assertTrue(shareOfFp32(tiny) < 0.65);
  }

  /// Random weights of tiny networks move the logits further than those of trained ones do.
  @ParameterizedTest
  @EnumSource(names = {"BERT", "LLAMA", "QWEN2", "QWEN3", "GEMMA2", "GEMMA3", "EXAONE4"})
  void export_int4WeightOnly_staysNearIsSmallAndAnswersAloneAsInABatch(TinyCheckpoint tiny)
      throws IOException {
    output = temporary.resolve("int4");
    assertNear(tiny, Precision.INT4_WEIGHT_ONLY, 2);
    assertTrue(shareOfFp32(tiny) < 0.4);
  }

  @ParameterizedTest
  @EnumSource(names = {"LLAMA", "QWEN2", "QWEN3", "GEMMA2", "GEMMA3", "EXAONE4"})
  void export_int8WeightOnly_staysNearIsSmallAndAnswersAloneAsInABatch(TinyCheckpoint tiny)
      throws IOException {
    output = temporary.resolve("int8");
    assertNear(tiny, Precision.INT8_WEIGHT_ONLY, 0.25);
    assertTrue(shareOfFp32(tiny) < 0.45);
  }

  private void assertNear(TinyCheckpoint tiny, Precision precision, double tolerance) {
    try (OnnxModel model = exported(tiny, ExportOptions.of(precision))) {
      assertEquals(precision, ModelDirectory.open(output).manifest().proof().precision());
      for (TinyCheckpoint.Case ragged : withTokens(tiny)) {
        float[][] together = model.logits(ragged.batch());
        for (int row = 0; row < together.length; row++) {
          String name = ragged.name() + " " + row;
          assertClose(ragged.logits()[row], together[row], tolerance, name);
          float[] alone = model.logits(row(ragged.batch(), row))[0];
          assertArrayEquals(alone, together[row], 1e-5f, name);
        }
      }
    }
  }

  @Test
  void export_textOfOneToken_answersAsInABatchWithRoundedWeights() {
    output = temporary.resolve("int4");
    try (OnnxModel model =
        exported(TinyCheckpoint.GEMMA2, ExportOptions.of(Precision.INT4_WEIGHT_ONLY))) {
      PaddedBatch alone = new PaddedBatch(1, 1, new long[] {2}, new long[] {1}, new long[1]);
      PaddedBatch together =
          new PaddedBatch(
              2, 3, new long[] {2, 0, 0, 2, 5, 7}, new long[] {1, 0, 0, 1, 1, 1}, new long[6]);
      assertArrayEquals(model.logits(alone)[0], model.logits(together)[0]);
    }
  }

  @Test
  void export_weightOnlyWithTexts_isComparedWithFp32() throws IOException {
    output = temporary.resolve("int8");
    ExportOptions options =
        new ExportOptions(
            Precision.INT8_WEIGHT_ONLY,
            List.of(),
            new Validation.Labels(labelled(TinyCheckpoint.LLAMA, 0.5)));
    exported(TinyCheckpoint.LLAMA, options).close();
    Manifest.Origin origin = ModelDirectory.open(output).manifest().origin();
    assertEquals(1.0, origin.quality().get("validation_label_agreement_with_fp32"));
    assertTrue(origin.quality().containsKey("validation_accuracy_in_int8_weight_only"));
    assertTrue(origin.notes().getFirst().startsWith("Int8-weight-only was compared with fp32 on "));
    assertEquals(List.of(), leftovers(output));
  }

  @Test
  void export_weightOnlyThatChangesLabels_isRefusedAndLeavesNothing() {
    output = temporary.resolve("int4");
    List<LabelledText> texts = labelled(TinyCheckpoint.LLAMA, 0);
    NunchiException e =
        refusal(
            TinyCheckpoint.LLAMA.path(),
            probe(TinyCheckpoint.LLAMA),
            new ExportOptions(Precision.INT4_WEIGHT_ONLY, List.of(), new Validation.Labels(texts)));
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(e.getMessage().contains("--accept-agreement takes less"), e.getMessage());
    assertFalse(Files.exists(output));
  }

  @Test
  void export_besideAModelWithTheSameWeights_sharesTheirFileAndOutlivesIt() throws IOException {
    exported(TinyCheckpoint.BERT).close();
    Path first = output;
    output = temporary.resolve("second");
    exported(TinyCheckpoint.BERT).close();
    assertTrue(sameFile(first, output));
    CopiedDirectory.entries(first).forEach(file -> file.toFile().delete());
    ModelDirectory.open(output);
  }

  @Test
  void export_besideAModelWhoseWeightsWereChanged_keepsItsOwn() throws IOException {
    exported(TinyCheckpoint.BERT).close();
    Path first = output;
    byte[] bytes = Files.readAllBytes(first.resolve("model.onnx.data"));
    bytes[0]++;
    Files.write(first.resolve("model.onnx.data"), bytes);
    output = temporary.resolve("second");
    exported(TinyCheckpoint.BERT).close();
    assertFalse(sameFile(first, output));
    ModelDirectory.open(output);
  }

  private static boolean sameFile(Path one, Path other) throws IOException {
    return Files.isSameFile(one.resolve("model.onnx.data"), other.resolve("model.onnx.data"));
  }

  private static List<Path> leftovers(Path directory) throws IOException {
    return CopiedDirectory.entries(directory).stream()
        .filter(entry -> Files.isDirectory(entry))
        .filter(entry -> !entry.equals(directory))
        .toList();
  }

  @Test
  void export_int8OnFewTexts_saysSoInManifestAndCard() throws IOException {
    Path source = temporary.resolve("source");
    Probe probe = probe(TinyCheckpoint.BERT, Normalization.NONE, 24);
    writeTrained(
        source,
        Manifest.of(
                "tiny",
                LabelSet.of("부정", "중립", "긍정"),
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                Normalization.NONE,
                24)
            .withProbe(probe));
    List<LabelledText> validation = labelled(TinyCheckpoint.BERT, 0.2).subList(0, 1);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(source)) {
      Manifest written =
          new OnnxExporter()
              .export(
                  checkpoint,
                  output,
                  new ExportOptions(
                      Precision.INT8,
                      texts(TinyCheckpoint.BERT),
                      new Validation.Labels(validation)))
              .manifest();
      List<String> notes = written.origin().notes();
      assertEquals(2, notes.size());
      assertTrue(notes.get(0).startsWith("The ranges of int8 were found on "), notes.get(0));
      assertEquals(
          "Int8 was compared with fp32 on 1 texts, of which 1 keep their label; fewer than 765"
              + " cannot show that 99.5 % do.",
          notes.get(1));
      String card = Files.readString(output.resolve("README.md"));
      assertTrue(card.startsWith("# tiny\n"), card);
      assertTrue(card.endsWith("\n- %s\n- %s\n".formatted(notes.get(0), notes.get(1))), card);
      assertEquals(1, written.origin().quality().get("validation_with_fp32_count"));
    }
  }

  @Test
  void export_int8ThatChangesLabels_leavesLayersInFp32AndSaysSo() throws IOException {
    Path source = temporary.resolve("source");
    writeTrained(source, manifest(probe(TinyCheckpoint.BERT, Normalization.NONE, 24)));
    List<String> said = new ArrayList<>();
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(source)) {
      Manifest written =
          new OnnxExporter(said::add).export(checkpoint, output, tooNarrow()).manifest();
      String note =
          written.origin().notes().stream()
              .filter(one -> one.matches("Int8 leaves \\d+ linear layers in fp32, .*"))
              .findFirst()
              .orElseThrow();
      assertTrue(Files.readString(output.resolve("README.md")).contains("\n- " + note + "\n"));
      int heading =
          said.indexOf(
              said.stream()
                  .filter(line -> line.startsWith("stays in fp32"))
                  .findFirst()
                  .orElseThrow());
      String first = said.get(heading + 1);
      assertTrue(note.contains(first.substring(0, first.indexOf(' '))), first);
    }
  }

  @Test
  void export_int8WithLessAccepted_isWrittenAndSaysSoInManifestAndCard() throws IOException {
    Path source = temporary.resolve("source");
    writeTrained(source, manifest(probe(TinyCheckpoint.BERT, Normalization.NONE, 24)));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(source)) {
      Manifest written =
          new OnnxExporter().export(checkpoint, output, tooNarrow().accepting(0.5)).manifest();
      assertEquals(0.5, written.origin().quality().get("accepted_label_agreement_with_fp32"));
      String note =
          written.origin().notes().stream()
              .filter(one -> one.startsWith("Int8 was accepted with 50.0 % of the labels of fp32"))
              .findFirst()
              .orElseThrow();
      assertTrue(Files.readString(output.resolve("README.md")).contains("\n- " + note + "\n"));
    }
  }

  /// Ranges of one short text, too narrow for the others.
  private static ExportOptions tooNarrow() {
    return new ExportOptions(
        Precision.INT8, List.of("네"), new Validation.Labels(labelled(TinyCheckpoint.BERT, 0)));
  }

  @Test
  void export_incompleteCheckpoint_isRefusedNamingTheTensor() throws IOException {
    Path source = copy();
    CopiedDirectory.edit(
        source.resolve("config.json"), config -> config.put("num_hidden_layers", 3));
    NunchiException e = refusal(source, probe(TinyCheckpoint.BERT), ExportOptions.FP32);
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(
        e.getMessage().contains("no tensor bert.encoder.layer.2.attention.self.query.weight"),
        e.getMessage());
  }

  @Test
  void export_checkpointWithoutTokenizer_isRefusedNamingIt() throws IOException {
    Path source = copy();
    Files.delete(source.resolve("tokenizer.json"));
    NunchiException e = assertThrows(NunchiException.class, () -> CheckpointDirectory.open(source));
    assertEquals(source.resolve("tokenizer.json") + " is missing", e.getMessage());
  }

  @Test
  void export_overAModel_needsLeaveAndKeepsWhatIsNotItsOwn() throws IOException {
    exported(TinyCheckpoint.BERT).close();
    Files.writeString(output.resolve("other.safetensors"), "somebody's");
    List<Path> before = CopiedDirectory.entries(output);
    NunchiException refused =
        refusal(TinyCheckpoint.BERT.path(), probe(TinyCheckpoint.BERT), ExportOptions.FP32);
    assertTrue(refused.getMessage().contains("--overwrite replaces it"), refused.getMessage());
    exported(TinyCheckpoint.BERT).close();
    assertEquals(before, CopiedDirectory.entries(output));
    assertEquals("somebody's", Files.readString(output.resolve("other.safetensors")));
    Files.writeString(output.resolve("README.md"), "my own words");
    NunchiException foreign =
        refusal(
            TinyCheckpoint.BERT.path(), probe(TinyCheckpoint.BERT), ExportOptions.FP32.replacing());
    assertTrue(
        foreign.getMessage().startsWith(output.resolve("README.md") + " was not written by nunchi"),
        foreign.getMessage());
  }

  @Test
  void export_ontoItsSource_isRefused() throws IOException {
    Path source = copy();
    output = source;
    NunchiException e = refusal(source, probe(TinyCheckpoint.BERT), ExportOptions.FP32);
    assertEquals(Reason.INVALID_ARGUMENT, e.reason());
    assertTrue(Files.exists(source.resolve("model.safetensors")));
  }

  @Test
  void export_sourceThatNobodyMayWrite_writesFilesThatTheirOwnerMay() throws IOException {
    Path source = copy();
    Files.writeString(source.resolve("README.md"), "# tiny\n");
    for (Path file : CopiedDirectory.entries(source)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    }
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(source)) {
      new OnnxExporter().export(checkpoint, probe(TinyCheckpoint.BERT), output, ExportOptions.FP32);
    }
    for (String name :
        List.of("README.md", "config.json", "tokenizer.json", "tokenizer_config.json")) {
      assertTrue(
          Files.getPosixFilePermissions(output.resolve(name))
              .contains(PosixFilePermission.OWNER_WRITE),
          name);
    }
    assertEquals(
        "r--r--r--",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(source.resolve("README.md"))));
  }

  private Path copy() throws IOException {
    return CopiedDirectory.of(TinyCheckpoint.BERT.path(), temporary.resolve("source"));
  }

  private static List<String> texts(TinyCheckpoint tiny) {
    return probe(tiny).cases().stream().map(Probe.Case::text).toList();
  }

  /// The probe's texts with the labels that fp32 gives them; random weights are often in doubt.
  ///
  /// @param margin least difference between the two highest logits
  private static List<LabelledText> labelled(TinyCheckpoint tiny, double margin) {
    try (CheckpointDirectory source = CheckpointDirectory.open(tiny.path())) {
      LabelSet labels = source.labels();
      List<LabelledText> labelled = new ArrayList<>();
      for (Probe.Case one : probe(tiny).cases()) {
        List<Float> sorted = one.logits().stream().sorted(Collections.reverseOrder()).toList();
        if (sorted.get(0) - sorted.get(1) >= margin) {
          int best = one.logits().indexOf(sorted.get(0));
          labelled.add(new LabelledText(one.text(), Set.of(labels.get(best).name())));
        }
      }
      return labelled;
    }
  }

  /// Bytes of the exported weights for each byte of the parameters in fp32.
  private double shareOfFp32(TinyCheckpoint tiny) throws IOException {
    try (CheckpointDirectory source = CheckpointDirectory.open(tiny.path())) {
      long parameters = source.network().parameters().stream().mapToLong(Parameter::size).sum();
      return (double) Files.size(output.resolve("model.onnx.data")) / (Float.BYTES * parameters);
    }
  }

  private OnnxModel exported(TinyCheckpoint tiny) {
    return exported(tiny, ExportOptions.FP32);
  }

  private OnnxModel exported(TinyCheckpoint tiny, ExportOptions options) {
    try (CheckpointDirectory source = CheckpointDirectory.open(tiny.path())) {
      ModelDirectory directory =
          new OnnxExporter().export(source, probe(tiny), output, options.replacing());
      return OnnxModel.open(directory, InferenceOptions.CPU);
    }
  }

  private NunchiException refusal(Path checkpoint, Probe probe, ExportOptions options) {
    try (CheckpointDirectory source = CheckpointDirectory.open(checkpoint)) {
      return assertThrows(
          NunchiException.class, () -> new OnnxExporter().export(source, probe, output, options));
    }
  }

  private static Manifest manifest(Probe probe) {
    return Manifest.of(
            "tiny",
            LabelSet.of("부정", "중립", "긍정"),
            ProblemType.SINGLE_LABEL_CLASSIFICATION,
            Normalization.NONE,
            24)
        .withProbe(probe);
  }

  private static void writeTrained(Path directory, Manifest manifest) {
    try (CheckpointDirectory base = CheckpointDirectory.open(TinyCheckpoint.BERT.path())) {
      Map<String, Weight> weights = new HashMap<>();
      for (Parameter parameter : base.network().parameters()) {
        weights.put(parameter.name(), base.weights().get(parameter.name()));
      }
      new CheckpointContents(
              base.config(),
              manifest.task().labels(),
              manifest.task().problemType(),
              weights,
              base.path(),
              manifest,
              Map.of("README.md", "# tiny\n"),
              null)
          .write(directory);
    }
  }

  /// What libtorch answers for the probe's texts.
  private static Probe probe(TinyCheckpoint tiny) {
    try (CheckpointDirectory source = CheckpointDirectory.open(tiny.path())) {
      return probe(tiny, Normalization.NONE, source.description().text().maxLength());
    }
  }

  private static Probe probe(TinyCheckpoint tiny, Normalization normalization, int maxLength) {
    TorchRuntime.load(1);
    try (CheckpointDirectory source = CheckpointDirectory.open(tiny.path());
        TorchNetwork network = new TorchNetwork(source.network(), source.weights());
        TextEncoder encoder =
            TextEncoder.open(source.path(), Normalizer.of(normalization), maxLength)) {
      return new ProbeRecorder(encoder).record(network, tiny.path());
    }
  }

  /// The cases in which every row has tokens, and these first: others are never asked for.
  private static List<TinyCheckpoint.Case> withTokens(TinyCheckpoint tiny) {
    return tiny.cases().stream()
        .filter(one -> !one.name().contains("alone") && !one.name().startsWith("left"))
        .toList();
  }

  private static boolean computesSigmoid(TinyCheckpoint tiny) {
    return EnumSet.of(
            TinyCheckpoint.LLAMA,
            TinyCheckpoint.MISTRAL,
            TinyCheckpoint.QWEN2,
            TinyCheckpoint.QWEN3,
            TinyCheckpoint.EXAONE4)
        .contains(tiny);
  }

  /// One text of a batch without its padding.
  private static PaddedBatch row(PaddedBatch batch, int row) {
    int from = row * batch.seq();
    int length = (int) Arrays.stream(batch.attentionMask(), from, from + batch.seq()).sum();
    return new PaddedBatch(
        1,
        length,
        Arrays.copyOfRange(batch.inputIds(), from, from + length),
        Arrays.copyOfRange(batch.attentionMask(), from, from + length),
        Arrays.copyOfRange(batch.tokenTypeIds(), from, from + length));
  }

  private static void assertClose(
      double[] expected, float[] actual, double tolerance, String name) {
    assertArrayEquals(expected, doubles(actual), tolerance, name);
  }

  private static double[] doubles(float[] floats) {
    double[] doubles = new double[floats.length];
    Arrays.setAll(doubles, i -> floats[i]);
    return doubles;
  }
}
