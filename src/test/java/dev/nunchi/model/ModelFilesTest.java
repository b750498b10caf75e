package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Directories as people have them: wrapped names, files that are something else, parts that do not
/// fit.
class ModelFilesTest {
  private static final LabelSet OTHER_LABELS = LabelSet.of("별로", "최고");

  @TempDir Path temporary;
  private Path directory = Path.of("");

  @BeforeEach
  void copy() throws IOException {
    directory = CopiedDirectory.of(TinyCheckpoint.BERT.path(), temporary.resolve("copy"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "module.",
        "_orig_mod.",
        "model.",
        "module.module.",
        "_orig_mod.module.",
        "module._orig_mod.",
        "model._orig_mod.",
        "_fsdp_wrapped_module.",
        "base_model.",
        "base_model.model.",
        "auto_model.",
        "model.module."
      })
  void open_wrappersPrefix_isUnderstood(String prefix) throws IOException {
    rename(name -> prefix + name);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      checkpoint.requireComplete();
    }
    try (CheckpointDirectory base = openForTraining()) {
      assertEquals(2, base.missing().size());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bert.encoder.layer, bert.encoder._orig_mod.layer",
    "bert.encoder.layer.0., bert.encoder.layer.0._checkpoint_wrapped_module.",
    "bert., model.bert.",
    "bert., module.",
    "LayerNorm.weight, LayerNorm.gamma",
  })
  void open_wrapperInsideOfNames_isUnderstood(String part, String wrapped) throws IOException {
    rename(name -> name.replace(part, wrapped));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      checkpoint.requireComplete();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"roberta.", "x.bert.", "encoder.bert.", "student.bert."})
  void open_trunkByAnotherName_isRefusedNamingTheNearest(String prefix) throws IOException {
    rename(name -> name.replaceFirst("^bert\\.", prefix));
    for (NunchiException e : List.of(refusedWhole(), refusedForTraining())) {
      assertContains(e, "holds no tensor bert.embeddings.word_embeddings.weight [");
      assertContains(e, "is " + prefix + "embeddings.word_embeddings.weight");
    }
  }

  @Test
  void open_oneTensorOfTheTrunkMissing_isRefused() throws IOException {
    change(weights -> {
      weights.remove("bert.encoder.layer.1.output.dense.bias");
      return weights;
    });
    assertContains(refusedForTraining(), "holds no tensor bert.encoder.layer.1.output.dense.bias");
  }

  @Test
  void open_publishedMaskedLanguageModel_mayLackPoolerAndHead() throws IOException {
    change(weights -> {
      weights.keySet().removeIf(n -> n.startsWith("classifier.") || n.startsWith("bert.pooler."));
      return weights;
    });
    try (CheckpointDirectory base = openForTraining()) {
      assertEquals(
          List.of(
              "bert.pooler.dense.weight",
              "bert.pooler.dense.bias",
              "classifier.weight",
              "classifier.bias"),
          base.missing().stream().map(parameter -> parameter.name()).toList());
    }
    assertContains(refusedWhole(), "is no classifier yet");
  }

  @Test
  void open_twoTensorsOfOneMeaning_areRefusedNamingBoth() throws IOException {
    change(weights -> {
      weights.put("module.classifier.bias", weight(weights, "classifier.bias"));
      return weights;
    });
    NunchiException e = refusedWhole();
    assertContains(e, "module.classifier.bias");
    assertContains(e, "both mean classifier.bias");
  }

  @Test
  void open_adaptersAmongTheWeights_areRefusedNamingThem() throws IOException {
    change(weights -> {
      weights.put(
          "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.default.weight",
          weight(weights, "classifier.bias"));
      return weights;
    });
    assertContains(refusedWhole(), "belongs to a LoRA adapter");
  }

  @Test
  void open_vocabularyOfAnotherSize_namesBothSizes() throws IOException {
    CopiedDirectory.edit(directory.resolve("config.json"), config -> config.put("vocab_size", 500));
    for (NunchiException e : List.of(refusedWhole(), refusedForTraining())) {
      assertContains(e, "bert.embeddings.word_embeddings.weight should have the shape [500, 32]");
      assertContains(e, "vocab_size of its config.json");
    }
  }

  @Test
  void open_tokenizerWithMoreTokensThanRows_isRefusedNamingTheToken() throws IOException {
    CopiedDirectory.edit(
        directory.resolve("tokenizer.json"),
        json ->
            json.withArray("/added_tokens").addObject().put("id", 5000).put("content", "[URL]"));
    assertContains(refusedWhole(), "gives '[URL]' the id 5000, but vocab_size of config.json is");
    Files.writeString(directory.resolve("model.onnx"), "graph");
    assertContains(
        assertThrows(NunchiException.class, () -> ModelDirectory.open(directory)),
        "gives '[URL]' the id 5000");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void open_whatIsNoNumber_isRefusedNamingTheTensor(float value) throws IOException {
    for (ElementType type :
        List.of(ElementType.F64, ElementType.F32, ElementType.F16, ElementType.BF16)) {
      change(weights -> {
        Weight bias = weight(weights, "bert.pooler.dense.bias");
        byte[] bytes = new byte[bias.shape().getFirst() * type.bytes()];
        put(MemorySegment.ofArray(bytes), type, 7, value);
        weights.put(
            "bert.pooler.dense.bias", new Weight(type, bias.shape(), MemorySegment.ofArray(bytes)));
        return weights;
      });
      for (NunchiException e : List.of(refusedWhole(), refusedForTraining())) {
        assertContains(e, "tensor bert.pooler.dense.bias holds what is no number");
      }
    }
  }

  @Test
  void open_largestNumbersOfEachType_areNumbers() {
    for (ElementType type : List.of(ElementType.F64, ElementType.F32, ElementType.F16)) {
      MemorySegment bytes = MemorySegment.ofArray(new byte[8 * type.bytes()]);
      put(bytes, type, 3, type == ElementType.F16 ? 65504 : -Float.MAX_VALUE);
      assertTrue(FloatWeights.isFinite(new Weight(type, List.of(8), bytes)), type.name());
    }
  }

  private static void put(MemorySegment bytes, ElementType type, long index, float value) {
    switch (type) {
      case F64 -> bytes.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * 8, value);
      case F32 -> bytes.set(ValueLayout.JAVA_FLOAT_UNALIGNED, index * 4, value);
      case F16 ->
          bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2, Float.floatToFloat16(value));
      case BF16 ->
          bytes.set(
              ValueLayout.JAVA_SHORT_UNALIGNED,
              index * 2,
              (short) (Float.floatToIntBits(value) >> 16));
      case I64, I32, I16, I8, U8, BOOL -> throw new IllegalArgumentException(type.name());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"})
  void open_fileThatIsSomethingElse_isNamedForWhatItIs(String name) throws IOException {
    Map<String, String> contents = new LinkedHashMap<>();
    contents.put(
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
        "a pointer of Git LFS");
    contents.put("<!DOCTYPE html>\n<html>404</html>", "an HTML page");
    contents.put("\n  <HTML><body>Sign in</body>", "an HTML page");
    contents.put("<?xml version=\"1.0\"?><Error/>", "an XML message");
    contents.put("", "empty");
    contents.put("\u001f\u008b\u0008\0\0\0", "a gzip archive");
    contents.put("PK\u0003\u0004", "a zip archive");
    contents.put("GGUF\u0003\0\0\0", "a GGUF file");
    contents.put("\u0089HDF\r\n", "an HDF5 file");
    contents.put("\u00ff\u00fe{\0", "UTF-16");
    for (Map.Entry<String, String> content : contents.entrySet()) {
      Files.write(directory.resolve(name), content.getKey().getBytes(StandardCharsets.ISO_8859_1));
      NunchiException e = refusedWhole();
      assertContains(e, directory.resolve(name).toString());
      assertContains(e, content.getValue());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "model.safetensors, Entry not found, text that begins 'Entry not found'",
    "model.safetensors, '{\"error\": \"gated\"}', text that begins",
    "pytorch_model.bin, Invalid username, text that begins",
  })
  void open_messageOfAServer_isNamedForWhatItSays(String name, String content, String fault)
      throws IOException {
    Files.delete(directory.resolve("model.safetensors"));
    Files.writeString(directory.resolve(name), content);
    assertContains(refusedWhole(), fault);
  }

  @Test
  void open_foreignFileThatIsNotRead_isOfNoConcern() throws IOException {
    Files.writeString(directory.resolve("other.safetensors"), "somebody's");
    Files.writeString(directory.resolve("pytorch_model.bin"), "Invalid username");
    CheckpointDirectory.open(directory).close();
  }

  @Test
  void open_formsUnderEachOthersName_saysTheRightOne() throws IOException {
    Path weights = directory.resolve("model.safetensors");
    Files.move(weights, directory.resolve("pytorch_model.bin"));
    assertContains(refusedWhole(), "a safetensors file; name it model.safetensors");
    Files.delete(directory.resolve("pytorch_model.bin"));
    Files.write(weights, new byte[] {(byte) 0x80, 2, (byte) 0x8a, 10, 0x6c, 0, 0, 0, 0});
    assertContains(refusedWhole(), "a pickle, as PyTorch writes it");
    Files.write(weights, new byte[600]);
    assertContains(refusedWhole(), "zeros where it should begin");
  }

  @ParameterizedTest
  @CsvSource({
    "tf_model.h5, TensorFlow weights",
    "flax_model.msgpack, Flax weights",
    "model-q4.gguf, weights of llama.cpp",
    "model.ckpt.index, a checkpoint of TensorFlow",
    "best.pt, a file of PyTorch of another name",
    "model-00001-of-00002.safetensors, add the index of its shards",
    "pytorch_model-00001-of-00002.bin, add the index of its shards",
    "model.onnx, name the checkpoint that it was exported from",
  })
  void open_weightsOfAnotherForm_areNamed(String name, String fault) throws IOException {
    Files.delete(directory.resolve("model.safetensors"));
    Files.write(directory.resolve(name), new byte[] {8, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    assertContains(refusedForTraining(), fault);
  }

  @Test
  void open_adapterDirectory_namesItsBase() throws IOException {
    Files.delete(directory.resolve("model.safetensors"));
    Files.delete(directory.resolve("config.json"));
    Files.writeString(
        directory.resolve("adapter_config.json"),
        "{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"klue/bert-base\"}");
    assertContains(
        refusedWhole(),
        "a LoRA adapter of klue/bert-base, which is not here; 'nunchi models pull klue/bert-base'");
    assertContains(
        assertThrows(NunchiException.class, () -> ModelDirectory.open(directory)),
        "this is a LoRA adapter, which 'nunchi export");
  }

  @Test
  void open_quantizedCheckpoint_isRefusedNamingTheMethod() throws IOException {
    CopiedDirectory.edit(
        directory.resolve("config.json"),
        config -> config.putObject("quantization_config").put("quant_method", "gptq"));
    assertContains(refusedWhole(), "the weights are quantised (gptq)");
  }

  @Test
  void open_labelsThatAreNumbers_areNamedByThem() throws IOException {
    CopiedDirectory.edit(
        directory.resolve("config.json"),
        config -> {
          ObjectNode names = config.putObject("id2label");
          names.put("2", 5).put("0", 0).put("1", 2.5);
        });
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      assertEquals(List.of("0", "2.5", "5"), checkpoint.labels().names());
    }
  }

  @Test
  void open_checkpointWhereAGraphIsWanted_saysHowToMakeOne() {
    NunchiException e = assertThrows(NunchiException.class, () -> ModelDirectory.open(directory));
    assertContains(e, "'nunchi export --model %s --output DIR'".formatted(directory));
  }

  @ParameterizedTest
  @ValueSource(strings = {"klue/bert-base", "beomi/KcELECTRA-base", "bert-base-multilingual-cased"})
  void open_nameOfTheHub_saysWhatFetchesIt(String name) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> CheckpointDirectory.open(Path.of(name)));
    assertContains(e, name + " is no directory");
    assertContains(e, "'nunchi models pull %s' fetches it".formatted(name));
  }

  @Test
  void open_fileInsteadOfItsDirectory_saysSo() {
    Path file = directory.resolve("model.safetensors");
    NunchiException e = assertThrows(NunchiException.class, () -> CheckpointDirectory.open(file));
    assertContains(e, file + " is no directory; name the directory that holds this file");
  }

  @Test
  void open_directoryAbove_namesTheOneInside() {
    NunchiException e =
        assertThrows(NunchiException.class, () -> CheckpointDirectory.open(temporary));
    assertContains(e, "config.json is missing; " + directory + " has one");
  }

  @Test
  void open_shardsOfPytorch_areReadByTheirIndex() throws IOException {
    Files.delete(directory.resolve("model.safetensors"));
    Files.copy(
        PytorchFileTest.fixtures().resolve("zip-plain.bin"),
        directory.resolve("pytorch_model-00001-of-00001.bin"));
    Files.writeString(
        directory.resolve("pytorch_model.bin.index.json"),
        "{\"weight_map\": {\"dense.bias\": \"pytorch_model-00001-of-00001.bin\"}}");
    assertContains(refusedWhole(), "of its 3 tensors");
    Files.writeString(
        directory.resolve("pytorch_model.bin.index.json"),
        "{\"weight_map\": {\"lost\": \"pytorch_model-00001-of-00001.bin\"}}");
    assertContains(refusedWhole(), "does not hold lost, which the index places there");
  }

  private CheckpointDirectory openForTraining() {
    return CheckpointDirectory.open(
        directory,
        OTHER_LABELS,
        CheckpointDirectory.Order.OF_THE_CHECKPOINT,
        ProblemType.SINGLE_LABEL_CLASSIFICATION);
  }

  private NunchiException refusedWhole() {
    return assertThrows(
        NunchiException.class,
        () -> {
          try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
            checkpoint.requireComplete();
          }
        });
  }

  private NunchiException refusedForTraining() {
    return assertThrows(NunchiException.class, () -> openForTraining().close());
  }

  private void rename(UnaryOperator<String> rename) throws IOException {
    change(weights -> {
      Map<String, Weight> renamed = new LinkedHashMap<>();
      weights.forEach((name, weight) -> renamed.put(rename.apply(name), weight));
      return renamed;
    });
  }

  private void change(UnaryOperator<Map<String, Weight>> change) throws IOException {
    Path file = directory.resolve("model.safetensors");
    Files.delete(file);
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> stored =
          SafetensorsFile.map(TinyCheckpoint.BERT.path().resolve("model.safetensors"), arena);
      SafetensorsWriter.write(file, change.apply(new LinkedHashMap<>(stored)));
    }
  }

  private static Weight weight(Map<String, Weight> weights, String name) {
    return Objects.requireNonNull(weights.get(name), name);
  }

  private static void assertContains(NunchiException e, String fault) {
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }
}
