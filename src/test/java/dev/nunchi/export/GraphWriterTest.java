package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.export.onnx.GraphProto;
import dev.nunchi.export.onnx.ModelProto;
import dev.nunchi.export.onnx.NodeProto;
import dev.nunchi.export.onnx.StringStringEntryProto;
import dev.nunchi.export.onnx.TensorProto;
import dev.nunchi.export.onnx.TensorProto.DataLocation;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.export.onnx.TensorShapeProto.Dimension;
import dev.nunchi.export.onnx.ValueInfoProto;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Digests;
import dev.nunchi.model.FloatWeights;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GraphWriterTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void write_everyValueBetween_hasTypeAndShape(TinyCheckpoint tiny) throws IOException {
    GraphProto graph = written(tiny).getGraph();
    Map<String, ValueInfoProto> declared =
        graph.getValueInfoList().stream()
            .collect(Collectors.toMap(ValueInfoProto::getName, value -> value));
    for (NodeProto node : graph.getNodeList()) {
      for (String output : node.getOutputList()) {
        if (!output.equals("logits")) {
          assertTrue(declared.containsKey(output), output);
          for (Dimension axis :
              declared.get(output).getType().getTensorType().getShape().getDimList()) {
            assertTrue(axis.getDimValue() > 0 || !axis.getDimParam().isEmpty(), output);
          }
        }
      }
    }
    assertEquals(graph.getNodeCount() - 1, declared.size());
  }

  @ParameterizedTest
  @EnumSource
  void write_inputsAndOutput_areThoseOfTheContract(TinyCheckpoint tiny) throws IOException {
    ModelProto model = written(tiny);
    assertEquals(20, model.getOpsetImport(0).getVersion());
    assertEquals(1, model.getOpsetImportCount());
    assertEquals(
        readsSegments(tiny)
            ? List.of("input_ids", "attention_mask", "token_type_ids")
            : List.of("input_ids", "attention_mask"),
        model.getGraph().getInputList().stream().map(ValueInfoProto::getName).toList());
    for (ValueInfoProto input : model.getGraph().getInputList()) {
      assertEquals("batch_size,sequence_length", shape(input));
      assertEquals(
          TensorProto.DataType.INT64.getNumber(), input.getType().getTensorType().getElemType());
    }
    assertEquals("logits", model.getGraph().getOutput(0).getName());
    assertEquals("batch_size,3", shape(model.getGraph().getOutput(0)));
  }

  @ParameterizedTest
  @EnumSource
  void write_nodes_areInOrderAndNamedOnce(TinyCheckpoint tiny) throws IOException {
    GraphProto graph = written(tiny).getGraph();
    Set<String> known = new HashSet<>();
    graph.getInputList().forEach(input -> known.add(input.getName()));
    graph.getInitializerList().forEach(initializer -> known.add(initializer.getName()));
    Set<String> names = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      assertTrue(known.containsAll(node.getInputList()), node.getName());
      node.getOutputList().forEach(output -> assertTrue(known.add(output), output));
      assertTrue(names.add(node.getName()), node.getName());
    }
  }

  @Test
  void write_weights_lieAlignedOneAfterTheOther() throws IOException {
    long end = 0;
    for (TensorProto tensor : written(TinyCheckpoint.BERT).getGraph().getInitializerList()) {
      if (tensor.getDataLocation() == DataLocation.EXTERNAL) {
        Map<String, String> place = place(tensor);
        long offset = Long.parseLong(place.get("offset"));
        assertEquals("model.onnx.data", place.get("location"));
        assertEquals(0, offset % 64, tensor.getName());
        assertTrue(offset >= end && offset < end + 64, tensor.getName());
        end = offset + Long.parseLong(place.get("length"));
      }
    }
    assertEquals(end, Files.size(directory.resolve("model.onnx.data")));
  }

  @Test
  void write_largeWeight_beginsAtAPageAndIsWrittenWhole() throws IOException {
    Weight small = ramp(ElementType.F32, List.of(3));
    Weight large = ramp(ElementType.F32, List.of(1100, 1000));
    Weight half = ramp(ElementType.BF16, List.of(1030, 1100));
    GraphWriter graph = new GraphWriter();
    Weights weights = Weights.of(Map.of("small", small, "large", large, "half", half), "a test");
    for (String name : List.of("small", "large", "half")) {
      WeightSource source = new WeightSource(weights, name);
      graph.weight(name, () -> new TensorContent.Floats(source, DataType.FLOAT, false));
      if (!name.equals("small")) {
        graph.weight(
            name + ".transposed", () -> new TensorContent.Floats(source, DataType.FLOAT, true));
      }
    }
    Path data = directory.resolve("model.onnx.data");
    Map<String, String> digests = graph.write(directory.resolve("model.onnx"), data);
    assertEquals(Digests.of(directory, digests.keySet()), digests);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(data)).order(ByteOrder.LITTLE_ENDIAN);
    for (TensorProto tensor : read().getGraph().getInitializerList()) {
      int offset = Integer.parseInt(place(tensor).get("offset"));
      assertEquals(0, offset % (tensor.getName().equals("small") ? 64 : 4096));
      float[] written = new float[Integer.parseInt(place(tensor).get("length")) / 4];
      bytes
          .slice(offset, 4 * written.length)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(written);
      Weight weight =
          switch (tensor.getName().replace(".transposed", "")) {
            case "small" -> small;
            case "large" -> large;
            default -> half;
          };
      boolean transposed = tensor.getName().endsWith(".transposed");
      assertArrayEquals(transposed ? transposed(weight) : FloatWeights.floats(weight), written);
    }
  }

  private static float[] transposed(Weight weight) {
    float[] floats = FloatWeights.floats(weight);
    int rows = weight.shape().get(0);
    int columns = weight.shape().get(1);
    float[] result = new float[floats.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        result[column * rows + row] = floats[row * columns + column];
      }
    }
    return result;
  }

  private static Weight ramp(ElementType type, List<Integer> shape) {
    int elements = shape.stream().reduce(1, Math::multiplyExact);
    MemorySegment data = Arena.ofAuto().allocate((long) elements * type.bytes(), 8);
    for (int i = 0; i < elements; i++) {
      if (type == ElementType.F32) {
        data.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
      } else {
        data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (i % 30_000));
      }
    }
    return new Weight(type, shape, data);
  }

  private static boolean readsSegments(TinyCheckpoint tiny) {
    return switch (tiny) {
      case BERT, BERT_NF4, ELECTRA, ELECTRA_PROJECTED, DEBERTA_V2 -> true;
      case ROBERTA, ROBERTA_NF4, XLM_ROBERTA, DISTILBERT, MODERNBERT, MODERNBERT_MEAN, DEBERTA_V3 ->
          false;
      case TEXT_CNN -> false;
      case LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA2, GEMMA3, EXAONE4 -> false;
    };
  }

  private ModelProto written(TinyCheckpoint tiny) throws IOException {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path())) {
      Weights weights = checkpoint.weights();
      OnnxOps.graph(checkpoint.network(), weights, new NumberFormat.Float32())
          .write(directory.resolve("model.onnx"), directory.resolve("model.onnx.data"));
    }
    return read();
  }

  private ModelProto read() throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(directory.resolve("model.onnx")));
  }

  private static Map<String, String> place(TensorProto tensor) {
    return tensor.getExternalDataList().stream()
        .collect(
            Collectors.toMap(StringStringEntryProto::getKey, StringStringEntryProto::getValue));
  }

  private static String shape(ValueInfoProto value) {
    return value.getType().getTensorType().getShape().getDimList().stream()
        .map(axis ->
            axis.getDimParam().isEmpty() ? Long.toString(axis.getDimValue()) : axis.getDimParam())
        .collect(Collectors.joining(","));
  }
}
