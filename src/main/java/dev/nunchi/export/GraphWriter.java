package dev.nunchi.export;

import com.google.protobuf.ByteString;
import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.GraphProto;
import dev.nunchi.export.onnx.ModelProto;
import dev.nunchi.export.onnx.NodeProto;
import dev.nunchi.export.onnx.OperatorSetIdProto;
import dev.nunchi.export.onnx.StringStringEntryProto;
import dev.nunchi.export.onnx.TensorProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.infer.OnnxModel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A graph in the making: nodes, constants and weights, each node's output with its type and shape.
///
/// The shapes of the values between are written too: ONNX Runtime fuses the residual sum and the
/// norm after it only where it knows that their shapes are equal.
final class GraphWriter {
  /// The first that has Gelu.
  static final int OPSET = 20;

  /// The representation that opset 20 came with.
  private static final int IR_VERSION = 9;

  private static final StringStringEntryProto PACKED =
      StringStringEntryProto.newBuilder()
          .setKey(OnnxModel.PACKED_TOKENS)
          .setValue(Boolean.toString(true))
          .build();

  /// Domains of operators.
  private static final String STANDARD = "";

  private static final String RUNTIME = "com.microsoft";

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("nunchi");
  private final ExternalData externalData = new ExternalData();
  private final Map<String, Value> constants = new HashMap<>();
  private boolean usesRuntimeOperators;
  private boolean packed;

  /// Says in the graph that it computes the tokens of a batch without the padding between them.
  void packed() {
    packed = true;
  }

  Value input(String name, DataType type, List<Axis> shape) {
    Value value = new Value(name, type, shape);
    graph.addInput(value.proto());
    return value;
  }

  /// Adds an operation of the standard whose one output has the name, type and shape given.
  Value node(
      String operator,
      String name,
      DataType type,
      List<Axis> shape,
      List<Value> inputs,
      AttributeProto... attributes) {
    return node(STANDARD, operator, name, type, shape, inputs, attributes);
  }

  /// Adds an operation that ONNX Runtime has beside the standard.
  Value runtimeNode(
      String operator,
      String name,
      DataType type,
      List<Axis> shape,
      List<Value> inputs,
      AttributeProto... attributes) {
    usesRuntimeOperators = true;
    return node(RUNTIME, operator, name, type, shape, inputs, attributes);
  }

  private Value node(
      String domain,
      String operator,
      String name,
      DataType type,
      List<Axis> shape,
      List<Value> inputs,
      AttributeProto... attributes) {
    Value value = new Value(name, type, shape);
    graph.addNode(
        NodeProto.newBuilder()
            .setDomain(domain)
            .setOpType(operator)
            .setName(name)
            .addAllInput(inputs.stream().map(Value::name).toList())
            .addOutput(name)
            .addAllAttribute(Arrays.asList(attributes)));
    graph.addValueInfo(value.proto());
    return value;
  }

  /// Names a value as an output of the graph.
  void output(String name, Value value) {
    Value output = new Value(name, value.type(), value.shape());
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType("Identity")
            .setName(name)
            .addInput(value.name())
            .addOutput(name));
    graph.addOutput(output.proto());
  }

  /// A weight in the file beside the graph; asked for again under the same name, the same one.
  Value weight(String name, Supplier<TensorContent> content) {
    return constants.computeIfAbsent(
        name,
        key -> {
          TensorContent made = content.get();
          externalData.add(key, made);
          return new Value(key, made.type(), made.shape().stream().map(Axis::of).toList());
        });
  }

  /// A list of numbers.
  Value constant(String name, float... values) {
    return constant(
        name,
        DataType.FLOAT,
        List.of((long) values.length),
        Float.BYTES * values.length,
        raw -> raw.asFloatBuffer().put(values));
  }

  /// A whole number in [0, 255] without axes.
  Value unsignedByte(String name, int number) {
    return constant(name, DataType.UINT8, List.of(), Byte.BYTES, raw -> raw.put(0, (byte) number));
  }

  /// A list of whole numbers, for shapes and axes.
  Value constant(String name, long... values) {
    return constant(
        name,
        DataType.INT64,
        List.of((long) values.length),
        Long.BYTES * values.length,
        raw -> raw.asLongBuffer().put(values));
  }

  /// A whole number without axes.
  Value scalar(String name, long number) {
    return constant(name, DataType.INT64, List.of(), Long.BYTES, raw -> raw.putLong(0, number));
  }

  /// A number without axes.
  Value scalar(String name, float number) {
    return constant(name, DataType.FLOAT, List.of(), Float.BYTES, raw -> raw.putFloat(0, number));
  }

  /// A constant in the graph itself; asked for again under the same name, the same one.
  ///
  /// @param fill puts the elements from the start of the buffer and leaves its position there
  private Value constant(
      String name, DataType type, List<Long> dims, int bytes, Consumer<ByteBuffer> fill) {
    return constants.computeIfAbsent(
        name,
        key -> {
          ByteBuffer raw = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
          fill.accept(raw);
          graph.addInitializer(
              TensorProto.newBuilder()
                  .setName(key)
                  .setDataType(type.getNumber())
                  .addAllDims(dims)
                  .setRawData(ByteString.copyFrom(raw)));
          return new Value(key, type, dims.stream().map(Axis::of).toList());
        });
  }

  private List<OperatorSetIdProto> operatorSets() {
    OperatorSetIdProto standard = OperatorSetIdProto.newBuilder().setVersion(OPSET).build();
    return usesRuntimeOperators
        ? List.of(
            standard, OperatorSetIdProto.newBuilder().setDomain(RUNTIME).setVersion(1).build())
        : List.of(standard);
  }

  /// Writes the graph and the file of its weights, both new.
  ///
  /// @return their SHA-256, by the names of the files
  Map<String, String> write(Path model, Path weights) throws IOException {
    String location = weights.getFileName().toString();
    List<TensorProto> initializers = new ArrayList<>();
    externalData.tensors().forEach(tensor -> initializers.add(tensor.proto(location)));
    ModelProto proto =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName("nunchi")
            .addAllOpsetImport(operatorSets())
            .addAllMetadataProps(packed ? List.of(PACKED) : List.of())
            .setGraph(graph.clone().addAllInitializer(initializers))
            .build();
    String digest = externalData.write(weights);
    return Map.of(location, digest, model.getFileName().toString(), write(proto, model));
  }

  /// Writes a new file.
  ///
  /// @return its SHA-256
  static String write(ModelProto proto, Path model) throws IOException {
    try (HashedFile file = HashedFile.create(model)) {
      file.append(MemorySegment.ofArray(proto.toByteArray()));
      return file.finish();
    }
  }
}
