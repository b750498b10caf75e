package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointDirectoryTest {
  @TempDir Path temporary;

  @ParameterizedTest
  @EnumSource
  void open_tinyCheckpoint_isComplete(TinyCheckpoint tiny) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path())) {
      assertEquals(LabelSet.of("부정", "중립", "긍정"), checkpoint.labels());
      assertEquals(ProblemType.SINGLE_LABEL_CLASSIFICATION, checkpoint.problemType());
      assertEquals(List.of(), checkpoint.missing());
      assertDoesNotThrow(checkpoint::requireComplete);
      assertTrue(checkpoint.manifest().isEmpty());
    }
  }

  @Test
  void description_noManifest_takesLabelsAndLengthFromTheConfiguration() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path())) {
      Manifest manifest = checkpoint.description();
      assertEquals("bert-tiny", manifest.name());
      assertEquals(LabelSet.of("부정", "중립", "긍정"), manifest.task().labels());
      assertEquals(24, manifest.text().maxLength());
    }
  }

  @Test
  void weights_afterClose_areUnmapped() {
    CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
    Weight bias = checkpoint.weights().get("classifier.bias");
    checkpoint.close();
    assertThrows(IllegalStateException.class, () -> FloatWeights.get(bias, 0));
  }

  @Test
  void open_otherLabels_countsTheHeadAsMissing() {
    try (CheckpointDirectory base =
        CheckpointDirectory.open(
            TinyCheckpoint.ELECTRA.path(),
            LabelSet.of("부정", "긍정"),
            CheckpointDirectory.Order.OF_THE_CHECKPOINT,
            ProblemType.MULTI_LABEL_CLASSIFICATION)) {
      assertEquals(2, base.network().labels());
      assertEquals(ProblemType.MULTI_LABEL_CLASSIFICATION, base.problemType());
      assertEquals("긍정", base.config().at("/id2label/1").textValue());
      assertEquals(
          List.of(
              "classifier.dense.weight",
              "classifier.dense.bias",
              "classifier.out_proj.weight",
              "classifier.out_proj.bias"),
          base.missing().stream().map(Parameter::name).toList());
    }
  }

  @Test
  void open_sameLabelsInAnotherOrder_keepsTheCheckpointsOrderAndHead() {
    try (CheckpointDirectory base =
        base(TinyCheckpoint.BERT, CheckpointDirectory.Order.OF_THE_CHECKPOINT)) {
      assertEquals(List.of(), base.missing());
      assertEquals(List.of("부정", "중립", "긍정"), base.labels().names());
      assertEquals("부정", base.config().at("/id2label/0").textValue());
    }
  }

  @ParameterizedTest
  @EnumSource
  void open_sameLabelsInAnOrderThatIsWanted_movesTheHeadsRows(TinyCheckpoint tiny) {
    try (CheckpointDirectory stored = CheckpointDirectory.open(tiny.path());
        CheckpointDirectory base = base(tiny, CheckpointDirectory.Order.AS_WANTED)) {
      assertEquals(List.of(), base.missing());
      assertEquals(List.of("긍정", "부정", "중립"), base.labels().names());
      List<String> head = new ArrayList<>(List.of(stored.network().outputWeight()));
      stored.network().outputBias().ifPresent(head::add);
      for (String name : head) {
        float[] before = FloatWeights.floats(stored.weights().get(name));
        float[] after = FloatWeights.floats(base.weights().get(name));
        int width = before.length / 3;
        assertArrayEquals(
            Arrays.copyOfRange(before, 2 * width, 3 * width), Arrays.copyOf(after, width), name);
        assertArrayEquals(
            Arrays.copyOf(before, 2 * width), Arrays.copyOfRange(after, width, 3 * width), name);
      }
    }
  }

  /// Opened for the labels of the tiny checkpoints, sorted.
  private static CheckpointDirectory base(TinyCheckpoint tiny, CheckpointDirectory.Order order) {
    return CheckpointDirectory.open(
        tiny.path(), LabelSet.of("긍정", "부정", "중립"), order, ProblemType.SINGLE_LABEL_CLASSIFICATION);
  }

  @Test
  void requireComplete_fewerLabelsThanRows_namesBoth() throws IOException {
    Path directory = copyWithConfig(config -> config.withObject("/id2label").remove("2"));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      NunchiException e = assertThrows(NunchiException.class, checkpoint::requireComplete);
      assertInvalid(e, "tensor classifier.weight should have the shape [2, 32], but has [3, 32]");
      assertInvalid(e, "id2label of its config.json should name each of the labels");
    }
  }

  @Test
  void missing_preTrainedCheckpoint_listsTheHeadAndDiscardsTheRest() throws IOException {
    Path directory =
        copyWithWeights(weights -> {
          Map<String, Weight> changed = new LinkedHashMap<>(weights);
          changed.keySet().removeIf(name -> name.startsWith("classifier."));
          changed.put("cls.predictions.bias", weights.get("classifier.bias"));
          changed.put(
              "bert.embeddings.position_ids",
              new Weight(ElementType.I64, List.of(1), MemorySegment.ofArray(new byte[8])));
          return changed;
        });
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      assertEquals(
          List.of("classifier.weight", "classifier.bias"),
          checkpoint.missing().stream().map(Parameter::name).toList());
      NunchiException e = assertThrows(NunchiException.class, checkpoint::requireComplete);
      assertInvalid(e, directory + ": it is no classifier yet, for it holds no tensor");
      assertInvalid(e, "classifier.weight [3, 32]");
      assertInvalid(e, "nunchi train --recipe FILE --set model_name_or_path=" + directory);
      e = assertThrows(NunchiException.class, () -> checkpoint.weights().get("classifier.weight"));
      assertInvalid(e, "holds no tensor classifier.weight");
    }
  }

  @Test
  void open_gammaAndBeta_areReadAsWeightAndBias() throws IOException {
    Path directory =
        copyWithWeights(weights ->
            renamed(
                weights,
                name ->
                    name.replace("LayerNorm.weight", "LayerNorm.gamma")
                        .replace("LayerNorm.bias", "LayerNorm.beta")));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      assertDoesNotThrow(checkpoint::requireComplete);
    }
  }

  @Test
  void open_trunkWithoutPrefix_isReadAsTheTrunkOfTheClassifier() throws IOException {
    Path directory =
        copyWithWeights(weights -> renamed(weights, name -> name.replaceFirst("^bert\\.", "")));
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      assertDoesNotThrow(checkpoint::requireComplete);
    }
  }

  @Test
  void requireComplete_wholeNumbers_isRefused() throws IOException {
    Path directory =
        copyWithWeights(weights -> {
          Map<String, Weight> changed = new LinkedHashMap<>(weights);
          changed.put(
              "classifier.bias",
              new Weight(ElementType.I8, List.of(3), MemorySegment.ofArray(new byte[3])));
          return changed;
        });
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      NunchiException e = assertThrows(NunchiException.class, checkpoint::requireComplete);
      assertInvalid(e, "tensor classifier.bias should hold floating numbers, but is of type I8");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "model_type, gpt2, UNSUPPORTED_MODEL, model_type is 'gpt2', which is not supported; supported:"
        + " bert",
    "hidden_act, mish, UNSUPPORTED_MODEL, hidden_act is 'mish'",
    "position_embedding_type, relative_key, UNSUPPORTED_MODEL,"
        + " position_embedding_type is 'relative_key'",
    "problem_type, ranking, UNSUPPORTED_MODEL, problem_type is \"ranking\"",
    "problem_type, regression, UNSUPPORTED_MODEL, problem_type is regression and there are 3"
        + " labels",
    "hidden_size, wide, INVALID_MODEL, hidden_size should be a whole number",
    "num_attention_heads, 5, INVALID_MODEL, num_attention_heads should be a whole number",
  })
  void open_configurationOfAnotherKind_isRefusedNamingTheKey(
      String key, String value, Reason reason, String fault) throws IOException {
    Path directory = copyWithConfig(config -> config.put(key, value));
    assertRefused(directory, reason, fault);
  }

  @Test
  void open_unnamedLabel_isRefused() throws IOException {
    Path directory =
        copyWithConfig(config -> {
          config.withObject("/id2label").remove("1");
          config.withObject("/id2label").put("3", "x");
        });
    assertRefused(directory, Reason.INVALID_MODEL, "id2label should have a name for 1");
  }

  @Test
  void open_repeatedLabel_isRefused() throws IOException {
    Path directory = copyWithConfig(config -> config.withObject("/id2label").put("1", "부정"));
    assertRefused(directory, Reason.INVALID_MODEL, "id2label should name each label once");
  }

  @Test
  void labels_noneNamed_areNumbered() throws IOException {
    Path directory =
        copyWithConfig(config -> {
          config.remove(List.of("id2label", "label2id", "problem_type"));
          config.put("num_labels", 3);
        });
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      assertEquals(LabelSet.of("LABEL_0", "LABEL_1", "LABEL_2"), checkpoint.labels());
      assertEquals(ProblemType.SINGLE_LABEL_CLASSIFICATION, checkpoint.problemType());
    }
  }

  @Test
  void open_brokenConfiguration_isRefusedNamingThePlace() throws IOException {
    Path directory = copy(TinyCheckpoint.BERT);
    Files.writeString(directory.resolve("config.json"), "{\n  \"model_type\": bert\n}");
    assertRefused(directory, Reason.INVALID_MODEL, "config.json is not valid JSON (line 2, column");
  }

  @ParameterizedTest
  @CsvSource({
    "config.json, config.json is missing",
    "model.safetensors, holds neither model.safetensors nor pytorch_model.bin",
  })
  void open_missingFile_isRefusedNamingIt(String file, String fault) throws IOException {
    Path directory = copy(TinyCheckpoint.BERT);
    Files.delete(directory.resolve(file));
    assertRefused(directory, Reason.INVALID_MODEL, fault);
  }

  @Test
  void open_noTokenizer_isRefusedNamingIt() throws IOException {
    Path directory = copy(TinyCheckpoint.BERT);
    Files.delete(directory.resolve("tokenizer.json"));
    assertRefused(
        directory, Reason.INVALID_MODEL, directory.resolve("tokenizer.json") + " is missing");
    Files.writeString(directory.resolve("spiece.model"), "pieces");
    assertRefused(directory, Reason.INVALID_MODEL, "spiece.model alone is not read");
  }

  @Test
  void open_missingShard_isRefusedNamingIt() throws IOException {
    Path directory = copy(TinyCheckpoint.ELECTRA);
    Files.delete(directory.resolve("model-00002-of-00003.safetensors"));
    assertRefused(directory, Reason.INVALID_MODEL, "model-00002-of-00003.safetensors is missing");
  }

  @Test
  void open_tensorNotInItsShard_isRefusedNamingBoth() throws IOException {
    Path directory = copy(TinyCheckpoint.ELECTRA);
    CopiedDirectory.edit(
        directory.resolve("model.safetensors.index.json"),
        index -> index.withObject("/weight_map").put("lost", "model-00001-of-00003.safetensors"));
    assertRefused(
        directory,
        Reason.INVALID_MODEL,
        "model-00001-of-00003.safetensors does not hold lost, which the index places there");
  }

  @Test
  void open_shardOutsideTheDirectory_isRefused() throws IOException {
    Path directory = copy(TinyCheckpoint.ELECTRA);
    CopiedDirectory.edit(
        directory.resolve("model.safetensors.index.json"),
        index -> index.withObject("/weight_map").put("x", "../x.safetensors"));
    assertRefused(directory, Reason.INVALID_MODEL, "weight_map has \"../x.safetensors\" for x");
  }

  @Test
  void open_indexWithoutMap_isRefused() throws IOException {
    Path directory = copy(TinyCheckpoint.ELECTRA);
    Files.writeString(directory.resolve("model.safetensors.index.json"), "{}");
    assertRefused(directory, Reason.INVALID_MODEL, "weight_map should map tensors to files");
  }

  @Test
  void open_truncatedWeights_isRefused() throws IOException {
    Path directory = copy(TinyCheckpoint.BERT);
    Path file = directory.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 100));
    assertRefused(directory, Reason.INVALID_MODEL, "model.safetensors is not a valid");
  }

  private Path copy(TinyCheckpoint tiny) throws IOException {
    return CopiedDirectory.of(tiny.path(), temporary.resolve("copy"));
  }

  private Path copyWithConfig(Consumer<ObjectNode> change) throws IOException {
    Path directory = copy(TinyCheckpoint.BERT);
    CopiedDirectory.edit(directory.resolve("config.json"), change);
    return directory;
  }

  private Path copyWithWeights(UnaryOperator<Map<String, Weight>> change) throws IOException {
    Path directory = copy(TinyCheckpoint.BERT);
    Files.delete(directory.resolve("model.safetensors"));
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> weights =
          SafetensorsFile.map(TinyCheckpoint.BERT.path().resolve("model.safetensors"), arena);
      SafetensorsWriter.write(directory.resolve("model.safetensors"), change.apply(weights));
    }
    return directory;
  }

  private static Map<String, Weight> renamed(
      Map<String, Weight> weights, UnaryOperator<String> rename) {
    Map<String, Weight> renamed = new LinkedHashMap<>();
    weights.forEach((name, weight) -> renamed.put(rename.apply(name), weight));
    return renamed;
  }

  private static void assertRefused(Path directory, Reason reason, String fault) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> CheckpointDirectory.open(directory));
    assertEquals(reason, e.reason());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
    assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
  }

  private static void assertInvalid(NunchiException e, String fault) {
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }
}
