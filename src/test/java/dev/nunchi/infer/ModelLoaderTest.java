package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Digests;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Probe;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelLoaderTest {
  private static final LoadOptions CPU = options(InferenceOptions.Device.CPU, OptionalInt.empty());

  @TempDir Path temporary;
  private Path directory;

  @BeforeEach
  void writeModel() {
    directory = TinyModel.write(temporary.resolve("tiny"));
  }

  @Test
  void load_modelDirectory_answersAsTransformersDoes() throws Exception {
    try (LoadedModel model = ModelLoader.load(directory, CPU)) {
      assertEquals("tiny", model.manifest().name());
      assertEquals("cpu", model.device());
      assertEquals(24, model.maxLength());
      for (Probe.Case expected : TinyModel.probe().cases()) {
        Prediction prediction =
            model.classifier().classify(expected.text(), Truncation.REJECT, Deadline.NONE).get();
        for (int i = 0; i < expected.logits().size(); i++) {
          assertEquals(expected.logits().get(i), prediction.logits().get(i), 1e-4);
        }
      }
    }
  }

  @Test
  void load_modelThatAnswersAlikeInBatches_runsTogetherWhatWaits() throws Exception {
    assertTrue(batchesOfTwenty() < 20);
    assertEquals(Classifier.USUAL_BATCH_SIZE, usualBatchSize());
  }

  @Test
  void load_modelOfWhichThatIsNotKnown_runsTextsAlone() throws Exception {
    ManifestFile.write(directory, ManifestFile.read(directory).orElseThrow().withProbe(null));
    assertEquals(20, batchesOfTwenty());
    assertEquals(1, usualBatchSize());
  }

  private int usualBatchSize() {
    try (LoadedModel model = ModelLoader.load(directory, CPU)) {
      return model.classifier().usualBatchSize();
    }
  }

  /// A graph that leaves the number of logits open.
  @Test
  void test_otherNumberOfLogitsThanLabelsAndNoProbe_isRefused() {
    Manifest manifest = ManifestFile.read(directory).orElseThrow().withProbe(null);
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                ModelLoader.test(
                    directory,
                    manifest,
                    0,
                    _ -> (_, _, _) -> FakeBackend.encoding(1, 2),
                    new TwoLogits(),
                    manifest.text().maxLength()));
    assertEquals(Reason.INVALID_MODEL, refused.reason());
    assertEquals(
        directory + ": The graph should have a logit for each of 3 labels, but gives 2",
        refused.getMessage());
  }

  private static final class TwoLogits implements Backend {
    @Override
    public float[][] logits(PaddedBatch batch) {
      return new float[batch.batch()][2];
    }

    @Override
    public void close() {}
  }

  private long batchesOfTwenty() throws Exception {
    Classifier classifier;
    try (LoadedModel model = ModelLoader.load(directory, CPU)) {
      classifier = model.classifier();
      List<Question> questions =
          Stream.generate(() -> classifier.question("영화 정말 좋다!", null, Truncation.KEEP_HEAD, false))
              .limit(20)
              .toList();
      for (CompletableFuture<Prediction> prediction :
          classifier.classify(questions, Terms.until(Deadline.NONE))) {
        prediction.get();
      }
    }
    assertEquals(20, classifier.times().texts());
    return classifier.times().batches();
  }

  @Test
  void load_shorterMaxLength_isKept() {
    try (LoadedModel model =
        ModelLoader.load(directory, options(InferenceOptions.Device.CPU, OptionalInt.of(5)))) {
      assertEquals(5, model.maxLength());
      NunchiException refused =
          assertThrows(
              NunchiException.class,
              () -> model.classifier().encode("영화 정말 좋다!", Truncation.REJECT));
      assertEquals(Reason.TOO_MANY_TOKENS, refused.reason());
    }
  }

  @Test
  void load_longerMaxLength_isRefused() {
    assertRefused(
        Reason.INVALID_ARGUMENT,
        "24 tokens",
        options(InferenceOptions.Device.CPU, OptionalInt.of(25)));
  }

  @Test
  void load_cudaWithoutGpu_isRefusedInOneSentence() {
    assertRefused(
        Reason.UNAVAILABLE, "CUDA", options(InferenceOptions.Device.CUDA, OptionalInt.empty()));
  }

  @Test
  void load_autoWithoutGpu_runsOnTheCpu() {
    try (LoadedModel model =
        ModelLoader.load(directory, options(InferenceOptions.Device.AUTO, OptionalInt.empty()))) {
      assertEquals("cpu", model.device());
    }
  }

  @Test
  void load_noDirectory_isRefused() {
    directory = temporary.resolve("nothing");
    assertRefused(Reason.INVALID_MODEL, "nothing", CPU);
  }

  @Test
  void load_tamperedFile_isRefusedByName() throws IOException {
    Path tokenizer = directory.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("영화", "연화"));
    assertRefused(Reason.INVALID_MODEL, "tokenizer.json", CPU);
  }

  @Test
  void load_missingFile_isRefusedByName() throws IOException {
    Files.delete(directory.resolve("model.onnx.data"));
    assertRefused(Reason.INVALID_MODEL, "model.onnx.data", CPU);
  }

  @Test
  void load_probeWithOtherIds_isRefused() throws IOException {
    rewriteProbe(expected -> new Probe.Case(expected.text(), List.of(2, 3), expected.logits()));
    assertRefused(Reason.FAILED_CHECK, "token ids", CPU);
  }

  @Test
  void load_probeWithOtherLogits_isRefused() throws IOException {
    rewriteProbe(expected ->
        new Probe.Case(
            expected.text(),
            expected.inputIds(),
            expected.logits().stream().map(logit -> logit + 2e-4f).toList()));
    assertRefused(Reason.FAILED_CHECK, "Logit 0 of text 0", CPU);
  }

  /// Written into in place, as `cp new/* served/` does: a session on the files themselves ends the
  /// process, or answers with what was written.
  @Test
  void load_copied_answersTheSameWhateverBecomesOfTheFiles() throws Exception {
    Path weights = directory.resolve("model.onnx.data");
    long size = Files.size(weights);
    LoadOptions copied =
        new LoadOptions(
            InferenceOptions.Device.CPU,
            new Workers(OptionalInt.of(1), 20),
            OptionalInt.empty(),
            true,
            1);
    try (LoadedModel model = ModelLoader.load(directory, copied)) {
      List<Float> before = logits(model);
      Files.write(weights, new byte[(int) size]);
      assertEquals(before, logits(model));
      Files.write(weights, new byte[0]);
      assertEquals(before, logits(model));
      for (Path file : CopiedDirectory.entries(directory)) {
        Files.delete(file);
      }
      assertEquals(before, logits(model));
    }
  }

  @Test
  void load_fileThatTheManifestDoesNotList_isRefusedByName() throws IOException {
    Manifest manifest = ManifestFile.read(directory).orElseThrow();
    for (String name : List.of("model.onnx.data", "model.onnx", "tokenizer.json", "config.json")) {
      Map<String, String> files = new HashMap<>(manifest.proof().files());
      files.remove(name);
      write(manifest, Digests.revision(files), files);
      assertRefused(Reason.INVALID_MODEL, "'files' has no digest of " + name, CPU);
    }
  }

  /// From before there was a `tokenizer.json`.
  @Test
  void load_vocabularyThatTheManifestDoesNotList_isRefusedByName() throws IOException {
    Files.writeString(directory.resolve("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    Files.delete(directory.resolve("tokenizer.json"));
    Manifest manifest = ManifestFile.read(directory).orElseThrow();
    Map<String, String> files = new HashMap<>(manifest.proof().files());
    files.remove("tokenizer.json");
    write(manifest, Digests.revision(files), files);
    assertRefused(Reason.INVALID_MODEL, "'files' has no digest of vocab.txt", CPU);
  }

  @Test
  void load_revisionThatIsNotThatOfTheFiles_isRefused() throws IOException {
    Manifest manifest = ManifestFile.read(directory).orElseThrow();
    write(manifest, "sha256:" + "0".repeat(64), manifest.proof().files());
    assertRefused(Reason.INVALID_MODEL, "'revision' should be sha256:", CPU);
  }

  private void write(Manifest manifest, String revision, Map<String, String> files)
      throws IOException {
    ManifestFile.write(
        directory,
        manifest.written(
            manifest.proof().precision(), revision, files, manifest.proof().documents()));
  }

  private static List<Float> logits(LoadedModel model) throws Exception {
    return model.classifier().classify("정말 좋다", Truncation.REJECT, Deadline.NONE).get().logits();
  }

  private void rewriteProbe(UnaryOperator<Probe.Case> change) throws IOException {
    Manifest manifest = ManifestFile.read(directory).orElseThrow();
    Probe probe = new Probe(TinyModel.probe().cases().stream().map(change).toList());
    ManifestFile.write(directory, manifest.withProbe(probe));
  }

  private void assertRefused(Reason reason, String naming, LoadOptions options) {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> ModelLoader.load(directory, options));
    assertEquals(reason, refused.reason(), refused.getMessage());
    assertTrue(String.valueOf(refused.getMessage()).contains(naming), refused.getMessage());
  }

  private static LoadOptions options(InferenceOptions.Device device, OptionalInt maxLength) {
    return new LoadOptions(device, new Workers(OptionalInt.of(1), 20), maxLength);
  }
}
