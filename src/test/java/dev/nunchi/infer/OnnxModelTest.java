package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.GraphProto;
import dev.nunchi.export.onnx.ModelProto;
import dev.nunchi.export.onnx.NodeProto;
import dev.nunchi.export.onnx.OperatorSetIdProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.export.onnx.TensorShapeProto;
import dev.nunchi.export.onnx.TensorShapeProto.Dimension;
import dev.nunchi.export.onnx.TypeProto;
import dev.nunchi.export.onnx.ValueInfoProto;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.PaddedBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnnxModelTest {
  private static final PaddedBatch BATCH =
      new PaddedBatch(
          2, 2, new long[] {1, 2, 3, 4}, new long[] {1, 1, 1, 0}, new long[] {0, 1, 0, 0});

  @TempDir Path directory;

  @Test
  void logits_graphOfIdsAlone_areItsOutput() throws IOException {
    try (OnnxModel model = open(graph("logits", "input_ids"))) {
      assertEquals(Device.CPU, model.device());
      assertArrayEquals(new float[][] {{1, 2}, {3, 4}}, model.logits(BATCH));
    }
  }

  @ParameterizedTest
  @CsvSource({"attention_mask, 1 1 1 0", "token_type_ids, 0 1 0 0"})
  void logits_otherInput_isGivenWhereTheGraphDeclaresIt(String input, String expected)
      throws IOException {
    try (OnnxModel model = open(graph("logits", input, "input_ids"))) {
      float[][] logits = model.logits(BATCH);
      assertEquals(
          expected,
          "%.0f %.0f %.0f %.0f".formatted(logits[0][0], logits[0][1], logits[1][0], logits[1][1]));
    }
  }

  @Test
  void logits_severalThreads_areEachTheirOwn()
      throws IOException, InterruptedException, ExecutionException {
    try (OnnxModel model = open(graph("logits", "input_ids"));
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<float[][]>> results = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        long id = i;
        results.add(
            threads.submit(() ->
                model.logits(
                    new PaddedBatch(1, 2, new long[] {id, -id}, new long[] {1, 1}, new long[2]))));
      }
      for (int i = 0; i < results.size(); i++) {
        assertArrayEquals(new float[][] {{i, -i}}, results.get(i).get());
      }
    }
  }

  @Test
  void logits_closed_isRefused() throws IOException {
    OnnxModel model = open(graph("logits", "input_ids"));
    model.close();
    model.close();
    NunchiException e = assertThrows(NunchiException.class, () -> model.logits(BATCH));
    assertEquals(Reason.UNAVAILABLE, e.reason());
  }

  @Test
  void logits_batchThatTheGraphCannotTake_isAFaultOfTheGraphByName() {
    Path tiny = TinyModel.write(directory.resolve("tiny"));
    try (OnnxModel model = OnnxModel.open(ModelDirectory.open(tiny), InferenceOptions.CPU)) {
      long[] noSuchTokens = {1_000_000, 1_000_000};
      NunchiException e =
          assertThrows(
              NunchiException.class,
              () ->
                  model.logits(
                      new PaddedBatch(1, 2, noSuchTokens, new long[] {1, 1}, new long[2])));
      assertEquals(Reason.INVALID_MODEL, e.reason());
      assertTrue(
          e.getMessage().startsWith(tiny.resolve("model.onnx") + " cannot be run"), e.getMessage());
    }
  }

  @Test
  void open_automaticDevice_fallsBackToTheCpu() throws IOException {
    ModelDirectory model = write(graph("logits", "input_ids"));
    try (OnnxModel opened = OnnxModel.open(model, new InferenceOptions(Device.AUTO, 1))) {
      assertEquals(Device.CPU, opened.device());
    }
  }

  @Test
  void open_cudaWithoutItsLibrary_isRefusedSayingWhatItTakes() throws IOException {
    ModelDirectory model = write(graph("logits", "input_ids"));
    NunchiException e =
        assertThrows(
            NunchiException.class,
            () -> OnnxModel.open(model, new InferenceOptions(Device.CUDA, 1)));
    assertEquals(Reason.UNAVAILABLE, e.reason());
    assertTrue(
        e.getMessage().matches("CUDA cannot be used \\([^\n]{1,200}\\); it takes an NVIDIA GPU.*"),
        e.getMessage());
  }

  @Test
  void open_unknownInput_isRefusedNamingIt() throws IOException {
    ModelProto graph = graph("logits", "position_ids", "input_ids");
    assertRefused(graph, Reason.UNSUPPORTED_MODEL, "position_ids");
  }

  @Test
  void open_withoutIds_isRefused() throws IOException {
    assertRefused(
        graph("logits", "attention_mask"), Reason.UNSUPPORTED_MODEL, "should take input_ids");
  }

  @Test
  void open_otherOutput_isRefused() throws IOException {
    assertRefused(graph("scores", "input_ids"), Reason.UNSUPPORTED_MODEL, "should give logits");
  }

  @Test
  void open_otherLabelCount_isRefusedNamingBoth() throws IOException {
    ModelProto graph = graph("logits", "input_ids");
    Files.write(directory.resolve("model.onnx"), graph.toByteArray());
    NunchiException e =
        assertThrows(
            NunchiException.class,
            () -> OnnxModel.open(model(LabelSet.of("a", "b", "c")), InferenceOptions.CPU));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(
        e.getMessage().contains("gives 2 logits, but the model has 3 labels"), e.getMessage());
  }

  @Test
  void open_brokenGraph_isRefusedNamingTheFile() throws IOException {
    Path file = Files.writeString(directory.resolve("model.onnx"), "no graph");
    NunchiException e =
        assertThrows(
            NunchiException.class,
            () -> OnnxModel.open(model(LabelSet.of("a", "b")), InferenceOptions.CPU));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void options_noThread_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new InferenceOptions(Device.CPU, 0));
  }

  private void assertRefused(ModelProto graph, Reason reason, String fault) throws IOException {
    NunchiException e = assertThrows(NunchiException.class, () -> open(graph).close());
    assertEquals(reason, e.reason());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
    assertTrue(e.getMessage().contains("model.onnx"), e.getMessage());
  }

  private OnnxModel open(ModelProto graph) throws IOException {
    return OnnxModel.open(write(graph), InferenceOptions.CPU);
  }

  private ModelDirectory write(ModelProto graph) throws IOException {
    Files.write(directory.resolve("model.onnx"), graph.toByteArray());
    return model(LabelSet.of("a", "b"));
  }

  private ModelDirectory model(LabelSet labels) {
    Manifest manifest =
        Manifest.of("m", labels, ProblemType.SINGLE_LABEL_CLASSIFICATION, Normalization.NONE, 2);
    return new ModelDirectory(directory, manifest, 0);
  }

  /// A graph whose output `[batch, 2]` is the first of its int64 inputs `[batch, 2]` as float.
  private static ModelProto graph(String output, String... inputs) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("test")
            .addNode(
                NodeProto.newBuilder()
                    .setOpType("Cast")
                    .addInput(inputs[0])
                    .addOutput(output)
                    .addAttribute(
                        AttributeProto.newBuilder()
                            .setName("to")
                            .setType(AttributeProto.AttributeType.INT)
                            .setI(DataType.FLOAT.getNumber())))
            .addOutput(value(output, DataType.FLOAT));
    for (String input : inputs) {
      graph.addInput(value(input, DataType.INT64));
    }
    return ModelProto.newBuilder()
        .setIrVersion(9)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(20))
        .setGraph(graph)
        .build();
  }

  private static ValueInfoProto value(String name, DataType type) {
    TensorShapeProto shape =
        TensorShapeProto.newBuilder()
            .addDim(Dimension.newBuilder().setDimParam("batch_size"))
            .addDim(Dimension.newBuilder().setDimValue(2))
            .build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }
}
