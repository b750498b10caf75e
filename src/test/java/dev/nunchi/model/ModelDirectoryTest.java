package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.export.onnx.GraphProto;
import dev.nunchi.export.onnx.ModelProto;
import dev.nunchi.export.onnx.StringStringEntryProto;
import dev.nunchi.export.onnx.TensorProto;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Directories as Optimum writes them; those of ours are the exporter's tests.
class ModelDirectoryTest {
  @TempDir Path temporary;
  private Path directory = Path.of("");

  @BeforeEach
  void copyWithGraph() throws IOException {
    directory = CopiedDirectory.of(TinyCheckpoint.BERT.path(), temporary.resolve("optimum"));
    Files.delete(directory.resolve("model.safetensors"));
    Files.writeString(directory.resolve("model.onnx"), "abc");
  }

  @Test
  void open_noManifest_derivesItFromTheConfiguration() {
    ModelDirectory model = ModelDirectory.open(directory);
    Manifest manifest = model.manifest();
    assertEquals("optimum", manifest.name());
    assertEquals(
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        manifest.proof().revision());
    assertEquals(LabelSet.of("부정", "중립", "긍정"), manifest.task().labels());
    assertEquals(Normalization.NONE, manifest.text().normalization());
    assertEquals(24, manifest.text().maxLength());
    assertEquals(1, manifest.task().temperature());
    assertNull(manifest.proof().probe());
    assertEquals(0, model.padTokenId());
    assertEquals(directory.resolve("model.onnx"), model.graph());
    assertEquals(directory.resolve("tokenizer.json"), model.tokenizer());
  }

  @Test
  void open_externalWeights_areTheRevision() throws IOException {
    writeGraph("model.onnx_data");
    Files.writeString(directory.resolve("model.onnx_data"), "abc");
    assertEquals(
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ModelDirectory.open(directory).manifest().proof().revision());
  }

  @Test
  void open_shorterTokenizer_givesItsLength() throws IOException {
    CopiedDirectory.edit(
        directory.resolve("tokenizer_config.json"), json -> json.put("model_max_length", 16));
    assertEquals(16, ModelDirectory.open(directory).manifest().text().maxLength());
  }

  @Test
  void open_tokenizerWithoutLimit_givesThePositions() throws IOException {
    CopiedDirectory.edit(
        directory.resolve("tokenizer_config.json"), json -> json.put("model_max_length", 1e30));
    assertEquals(24, ModelDirectory.open(directory).manifest().text().maxLength());
    Files.delete(directory.resolve("tokenizer_config.json"));
    assertEquals(24, ModelDirectory.open(directory).manifest().text().maxLength());
  }

  @Test
  void open_weightsThatAreNotThere_areNamed() throws IOException {
    writeGraph("model.onnx_data");
    assertRefused(Reason.INVALID_MODEL, "model.onnx_data is missing");
  }

  @Test
  void open_weightsElsewhere_areRefused() throws IOException {
    writeGraph("../model.onnx_data");
    assertRefused(Reason.UNSUPPORTED_MODEL, "they have to lie in a file beside it");
  }

  private void writeGraph(String location) throws IOException {
    Files.write(
        directory.resolve("model.onnx"),
        ModelProto.newBuilder()
            .setGraph(
                GraphProto.newBuilder()
                    .addInitializer(
                        TensorProto.newBuilder()
                            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                            .addExternalData(
                                StringStringEntryProto.newBuilder()
                                    .setKey("location")
                                    .setValue(location))
                            .addExternalData(
                                StringStringEntryProto.newBuilder()
                                    .setKey("offset")
                                    .setValue("0"))))
            .build()
            .toByteArray());
  }

  /// RoBERTa's first position is the one after its padding id.
  @Test
  void open_roberta_leavesOutThePositionsBeforeTheFirst() throws IOException {
    edit(config ->
        config
            .put("model_type", "xlm-roberta")
            .put("max_position_embeddings", 18)
            .put("pad_token_id", 1));
    ModelDirectory model = ModelDirectory.open(directory);
    assertEquals(16, model.manifest().text().maxLength());
    assertEquals(1, model.padTokenId());
  }

  @Test
  void open_oneLabelOfAClassifier_isRefused() throws IOException {
    edit(config ->
        config
            .put("problem_type", "single_label_classification")
            .withObject("/id2label")
            .remove(List.of("1", "2")));
    assertRefused(
        Reason.UNSUPPORTED_MODEL,
        "problem_type is single_label_classification and there are 1 labels");
  }

  /// As transformers decides.
  @Test
  void open_oneLabelAndNoProblemType_isARegression() throws IOException {
    edit(config -> {
      config.remove("problem_type");
      config.withObject("/id2label").remove(List.of("1", "2"));
    });
    assertEquals(
        ProblemType.REGRESSION, ModelDirectory.open(directory).manifest().task().problemType());
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.onnx", "tokenizer.json", "config.json"})
  void open_missingFile_isRefusedNamingIt(String name) throws IOException {
    Files.delete(directory.resolve(name));
    assertRefused(Reason.INVALID_MODEL, directory.resolve(name) + " is missing");
  }

  @Test
  void open_noDirectory_isRefusedNamingIt() {
    directory = temporary.resolve("nowhere");
    assertRefused(Reason.INVALID_MODEL, directory + " is no directory");
  }

  private void edit(Consumer<ObjectNode> change) throws IOException {
    CopiedDirectory.edit(directory.resolve("config.json"), change);
  }

  private void assertRefused(Reason reason, String fault) {
    NunchiException e = assertThrows(NunchiException.class, () -> ModelDirectory.open(directory));
    assertEquals(reason, e.reason());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }
}
