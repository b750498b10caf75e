package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.AdapterTensors;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.ExportedBase;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.nn.Modules;
import dev.nunchi.nn.PlainOps;
import dev.nunchi.nn.TinyAdapter;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Adapters on one base against the models that they are merged.
class SharedBaseTest {
  /// Many texts of one length, for one worker, so that they stand in batches.
  private static final List<String> TEXTS =
      IntStream.range(0, 40).mapToObj(i -> "영화 " + "abcdefghij".charAt(i % 10)).toList();

  @TempDir static Path shared;
  private static Path base = Path.of("");
  private static List<Path> adapters = List.of();

  @TempDir private Path temporary;

  @BeforeAll
  static void write() {
    // Ranks 3 and 8 have one form, and so have 2 and 5 labels.
    adapters =
        List.of(
            RandomAdapter.of(3, 8, "query", "value", "dense").write(shared.resolve("a")),
            RandomAdapter.of(2, 3, "query").write(shared.resolve("b")),
            RandomAdapter.of(5, 8, "value", "output.dense").write(shared.resolve("c")),
            RandomAdapter.of(9, 17, "query", "value").write(shared.resolve("d")));
    base = RandomAdapter.exportBase(adapters.getFirst(), shared.resolve("base"), Precision.FP32);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = ".*_DORA")
  void logits_adapterOfPeft_areThoseOfPeft(TinyAdapter tiny) throws Exception {
    Path exported =
        RandomAdapter.exportBase(tiny.path(), temporary.resolve("base"), Precision.FP32);
    JsonNode expected = tiny.expected().get("logits");
    try (SharedBase peft = SharedBase.open(exported, options(1));
        AdapterModel model =
            new AdapterModel(peft, AdapterTensors.open(tiny.path(), ExportedBase.open(exported)))) {
      float[][] logits = model.logits(tiny.ragged().batch());
      for (int row = 0; row < logits.length; row++) {
        for (int label = 0; label < logits[row].length; label++) {
          double one = expected.get(row).get(label).doubleValue();
          assertEquals(one, logits[row][label], 1e-5, row + " " + label);
        }
      }
    }
  }

  @Test
  void classify_textsOfManyAdaptersMixed_areThoseOfTheMergedModelsAndOfTextsAlone() {
    try (SharedBase loaded = SharedBase.open(base, options(1))) {
      List<LoadedModel> models = adapters.stream().map(loaded::load).toList();
      List<List<CompletableFuture<Prediction>>> mixed =
          models.stream()
              .map(_ ->
                  (List<CompletableFuture<Prediction>>)
                      new ArrayList<CompletableFuture<Prediction>>())
              .toList();
      for (String text : TEXTS) {
        for (int i = 0; i < models.size(); i++) {
          mixed.get(i).add(classify(models.get(i), text));
        }
      }
      for (int i = 0; i < models.size(); i++) {
        for (int t = 0; t < TEXTS.size(); t++) {
          Prediction together = mixed.get(i).get(t).join();
          assertEquals(
              classify(models.get(i), TEXTS.get(t)).join().logits(), together.logits(), "bits");
          assertMerged(adapters.get(i), models.get(i), TEXTS.get(t), together);
          assertEquals(models.get(i).manifest().task().labels(), together.labels());
        }
      }
      models.forEach(LoadedModel::close);
    }
  }

  private static void assertMerged(
      Path adapter, LoadedModel model, String text, Prediction prediction) {
    try (CheckpointDirectory merged = CheckpointDirectory.open(adapter)) {
      Encoding encoding = model.classifier().encode(text, Truncation.REJECT);
      double[] expected =
          PlainOps.logits(merged.network(), merged.weights(), PaddedBatch.of(List.of(encoding), 0))[
              0];
      assertArrayEquals(expected, prediction.logits().stream().mapToDouble(x -> x).toArray(), 1e-4);
    }
  }

  @Test
  void load_inFp16_answersWithinItsTolerance() {
    Path half =
        RandomAdapter.exportBase(adapters.getFirst(), temporary.resolve("half"), Precision.FP16);
    try (SharedBase loaded = SharedBase.open(half, options(1));
        LoadedModel model = loaded.load(adapters.getFirst())) {
      assertEquals(Precision.FP16, model.manifest().proof().precision());
    }
  }

  @Test
  void load_revision_isThatOfAdapterAndBase() {
    Path half =
        RandomAdapter.exportBase(adapters.getFirst(), temporary.resolve("half"), Precision.FP16);
    List<String> revisions = new ArrayList<>();
    for (Path directory : List.of(base, half)) {
      try (SharedBase loaded = SharedBase.open(directory, options(1))) {
        for (Path adapter : adapters) {
          try (LoadedModel model = loaded.load(adapter)) {
            revisions.add(model.manifest().proof().revision());
          }
        }
      }
    }
    assertEquals(2 * adapters.size(), revisions.stream().distinct().count());
  }

  @Test
  void load_adapterOfQlora_runsOnItsRoundedBaseAlone() {
    Path adapter = RandomAdapter.of(3, 8, "query").onNf4().write(temporary.resolve("qlora"));
    Path rounded = RandomAdapter.exportBase(adapter, temporary.resolve("nf4"), Precision.FP32);
    try (SharedBases bases = SharedBases.open(List.of(base, rounded), options(1));
        LoadedModel exact = bases.load(adapters.getFirst());
        LoadedModel qlora = bases.load(adapter)) {
      assertMerged(adapter, qlora, TEXTS.getFirst(), classify(qlora, TEXTS.getFirst()).join());
      assertEquals(3, exact.manifest().task().labels().size());
    }
    assertRefused(adapter, Reason.INVALID_MODEL, "was trained on a base rounded to NF4, but");
  }

  @Test
  void load_adapterOfAnotherBase_isRefused() {
    Path other =
        new RandomAdapter(TinyCheckpoint.ROBERTA, 3, 8, new Modules.All(), List.of(), false)
            .write(temporary.resolve("other"));
    assertRefused(other, Reason.INVALID_MODEL, "was trained on other weights");
    try (SharedBases bases = SharedBases.open(List.of(base), options(1))) {
      NunchiException refused = assertThrows(NunchiException.class, () -> bases.load(other));
      assertContains(
          "was trained on none of the bases here (%s); 'nunchi export".formatted(base), refused);
    }
  }

  @Test
  void load_adapterOfAnotherNetworkThatDoesNotSayItsBase_isRefused() throws IOException {
    Path other =
        new RandomAdapter(TinyCheckpoint.ROBERTA, 3, 8, new Modules.All(), List.of(), false)
            .write(temporary.resolve("other"));
    Files.delete(other.resolve(Manifest.FILE_NAME));
    assertRefused(other, Reason.INVALID_MODEL, "is of a roberta network with other layers");
  }

  @Test
  void load_adapterThatNamesAnotherBaseAndHasNoDigestOfIt_isServedAndSaidToBeInDoubt()
      throws IOException {
    Path other = RandomAdapter.of(3, 8, "query").write(temporary.resolve("other"));
    Files.delete(other.resolve(Manifest.FILE_NAME));
    Path config = other.resolve("adapter_config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceFirst(
                "\"base_model_name_or_path\" *: *\"[^\"]*\"",
                "\"base_model_name_or_path\": \"someone/else\""));
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    Handler handler = new Said(said);
    Logger logger = Logger.getLogger(ExportedBase.class.getName());
    logger.addHandler(handler);
    try (SharedBases bases = SharedBases.open(List.of(base), options(1));
        LoadedModel model = bases.load(other)) {
      assertEquals(3, model.manifest().task().labels().size());
    } finally {
      logger.removeHandler(handler);
    }
    assertTrue(
        said.stream().anyMatch(line -> line.contains("trained on someone/else, but the base")),
        said.toString());
  }

  /// The first adapter of a form decides for all how many may be run together.
  @Test
  void matrixBytes_rank_isWhatAnAdapterOfAllLayersTakes() {
    ExportedBase exported = ExportedBase.open(base);
    try (AdapterTensors whole = AdapterTensors.open(adapters.getFirst(), exported)) {
      long bytes =
          whole.inputs().entrySet().stream()
              .filter(input -> exported.matrices().contains(input.getKey()))
              .mapToLong(input -> input.getValue().data().byteSize())
              .sum();
      assertEquals(bytes, exported.matrixBytes(whole.form().rank()));
    }
  }

  @Test
  void load_adapterThatChangesMoreThanTheBaseTakes_isRefusedByName() {
    Path more = RandomAdapter.of(3, 8, "key").write(temporary.resolve("more"));
    assertRefused(
        more,
        Reason.UNSUPPORTED_MODEL,
        "adapts bert.encoder.layer.0.attention.self.key, for which the base");
    Path saved =
        RandomAdapter.of(3, 8, "query").saving("pooler.dense").write(temporary.resolve("saved"));
    assertRefused(
        saved,
        Reason.UNSUPPORTED_MODEL,
        "'nunchi export --model %s --output DIR' merges it".formatted(saved));
  }

  @Test
  void export_adapterThatCannotBeKeptSeparate_isRefusedByName() {
    assertNotSeparate(TinyAdapter.DISTILBERT_DORA.path(), "is a DoRA adapter");
    assertNotSeparate(
        RandomAdapter.of(3, 8, "query")
            .saving("embeddings.LayerNorm")
            .write(temporary.resolve("a")),
        "holds bert.embeddings.LayerNorm in full (modules_to_save), which is no linear layer");
  }

  private void assertNotSeparate(Path adapter, String why) {
    Path output = temporary.resolve("out");
    NunchiException refused =
        assertThrows(
            NunchiException.class, () -> RandomAdapter.exportBase(adapter, output, Precision.FP32));
    assertEquals(Reason.UNSUPPORTED_MODEL, refused.reason());
    assertContains(why, refused);
    assertContains("without --adapters separate it is merged", refused);
    assertTrue(Files.notExists(output));
  }

  @Test
  void load_damagedFile_isRefusedByName() throws IOException {
    Path damaged = RandomAdapter.of(3, 8, "query").write(temporary.resolve("damaged"));
    Path weights = damaged.resolve("adapter_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    assertRefused(damaged, Reason.INVALID_MODEL, weights + " is not the file");
  }

  @Test
  void open_damagedBaseOrNone_isRefusedByName() throws IOException {
    Path damaged =
        RandomAdapter.exportBase(adapters.getFirst(), temporary.resolve("base"), Precision.FP32);
    Path weights = damaged.resolve(ModelDirectory.WEIGHTS);
    Files.write(weights, new byte[(int) Files.size(weights)]);
    assertContains(
        weights + " is not the file",
        assertThrows(NunchiException.class, () -> SharedBase.open(damaged, options(1))));
    assertContains(
        "is no base of adapters",
        assertThrows(
            NunchiException.class, () -> SharedBase.open(adapters.getFirst(), options(1))));
    assertContains(
        "describes a base of adapters, which answers nothing by itself",
        assertThrows(NunchiException.class, () -> ModelDirectory.open(base)));
  }

  @Test
  void open_baseWhoseListLacksAFile_isRefusedByName() throws IOException {
    Path bare =
        RandomAdapter.exportBase(adapters.getFirst(), temporary.resolve("base"), Precision.FP32);
    Path manifest = bare.resolve("nunchi.json");
    Files.writeString(
        manifest,
        Files.readString(manifest).replaceFirst("\"model.onnx.data\" *: *\"[0-9a-f]{64}\",?", ""));
    assertContains(
        "'files' has no digest of model.onnx.data",
        assertThrows(NunchiException.class, () -> SharedBase.open(bare, options(1))));
  }

  @Test
  void close_whileOthersAnswer_losesNothing() {
    try (SharedBase loaded = SharedBase.open(base, options(2))) {
      LoadedModel stays = loaded.load(adapters.getFirst());
      List<CompletableFuture<Prediction>> answers = new ArrayList<>();
      for (int round = 0; round < 5; round++) {
        try (LoadedModel goes = loaded.load(adapters.get(1))) {
          for (String text : TEXTS) {
            answers.add(classify(stays, text));
            answers.add(classify(goes, text));
          }
        }
      }
      for (CompletableFuture<Prediction> answer : answers) {
        assertTrue(Float.isFinite(answer.join().logits().getFirst()));
      }
      stays.close();
    }
  }

  private static CompletableFuture<Prediction> classify(LoadedModel model, String text) {
    return model.classifier().classify(text, Truncation.REJECT, Deadline.NONE);
  }

  private static LoadOptions options(int workers) {
    return new LoadOptions(
        InferenceOptions.Device.CPU,
        new Workers(OptionalInt.of(workers), 1024),
        OptionalInt.empty());
  }

  /// Keeps what is logged.
  private static final class Said extends Handler {
    private final List<String> lines;

    Said(List<String> lines) {
      this.lines = lines;
    }

    @Override
    public void publish(LogRecord entry) {
      lines.add(new SimpleFormatter().formatMessage(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private static void assertRefused(Path adapter, Reason reason, String sentence) {
    try (SharedBase loaded = SharedBase.open(base, options(1))) {
      NunchiException refused = assertThrows(NunchiException.class, () -> loaded.load(adapter));
      assertEquals(reason, refused.reason());
      assertContains(sentence, refused);
    }
  }

  private static void assertContains(String sentence, NunchiException refused) {
    assertTrue(
        String.valueOf(refused.getMessage()).contains(sentence),
        String.valueOf(refused.getMessage()));
  }
}
