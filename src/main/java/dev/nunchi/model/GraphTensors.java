package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import dev.nunchi.text.ProtobufReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.BufferUnderflowException;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The tensors that an ONNX graph holds under a name (`initializer`), mapped from its file and from
/// those beside it.
///
/// See <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.
public final class GraphTensors {
  /// `TensorProto.DataType.FLOAT`.
  private static final int FLOAT = 1;

  /// `TensorProto.DataType.INT8`.
  private static final int INT8 = 3;

  private static final ValueLayout.OfFloat LITTLE_ENDIAN_FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int EXTERNAL = 1;

  /// Fields of `ModelProto`, `GraphProto` and `TensorProto`, and of their `StringStringEntryProto`.
  private static final int MODEL_GRAPH = 7;

  private static final int GRAPH_INITIALIZER = 5;
  private static final int TENSOR_DIMS = 1;
  private static final int TENSOR_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_RAW = 9;
  private static final int TENSOR_EXTERNAL_DATA = 13;
  private static final int TENSOR_LOCATION = 14;
  private static final int ENTRY_KEY = 1;
  private static final int ENTRY_VALUE = 2;

  private final Map<String, Tensor> byName;

  /// @param values null where they are not there or not in raw bytes
  private record Tensor(int type, List<Integer> shape, @Nullable MemorySegment values) {}

  private GraphTensors(Map<String, Tensor> byName) {
    this.byName = byName;
  }

  /// @param arena that the files stay mapped in
  /// @return empty of a file that is no graph, or whose tensors lie where there is nothing
  /// @throws NunchiException `IO_FAILURE` where a file cannot be read
  public static Optional<GraphTensors> map(Path graph, Arena arena) {
    Map<String, MemorySegment> files = new HashMap<>();
    for (String beside : GraphFiles.of(graph)) {
      if (Files.isRegularFile(graph.resolveSibling(beside))) {
        files.put(beside, mapped(graph.resolveSibling(beside), arena));
      }
    }
    MemorySegment model = mapped(graph, arena);
    try {
      Map<String, Tensor> tensors = new HashMap<>();
      ProtobufReader fields = new ProtobufReader(model.asByteBuffer());
      while (fields.next()) {
        if (fields.field() == MODEL_GRAPH) {
          addTensors(new ProtobufReader(fields.bytes()), files, tensors);
        } else {
          fields.skip();
        }
      }
      return Optional.of(new GraphTensors(tensors));
    } catch (BufferUnderflowException
        | IllegalArgumentException
        | IndexOutOfBoundsException
        | UnsupportedOperationException
        | CharacterCodingException _) {
      return Optional.empty();
    }
  }

  /// The bytes of a tensor of int8.
  ///
  /// @param shape that it has to have
  /// @return row after row; empty where there is no such tensor
  public Optional<MemorySegment> bytes(String name, int... shape) {
    return values(name, INT8, Byte.BYTES, shape);
  }

  /// The numbers of a tensor of float.
  ///
  /// @param length that it has to have
  /// @return empty where there is no such tensor
  public Optional<float[]> floats(String name, int length) {
    return values(name, FLOAT, Float.BYTES, length)
        .map(values -> values.toArray(LITTLE_ENDIAN_FLOAT));
  }

  private Optional<MemorySegment> values(String name, int type, int width, int... shape) {
    @Nullable Tensor tensor = byName.get(name);
    long bytes = width;
    List<Integer> wanted = new ArrayList<>();
    for (int axis : shape) {
      bytes *= axis;
      wanted.add(axis);
    }
    return tensor != null
            && tensor.type() == type
            && tensor.shape().equals(wanted)
            && tensor.values() != null
            && tensor.values().byteSize() == bytes
        ? Optional.of(tensor.values())
        : Optional.empty();
  }

  private static void addTensors(
      ProtobufReader fields, Map<String, MemorySegment> files, Map<String, Tensor> tensors)
      throws CharacterCodingException {
    while (fields.next()) {
      if (fields.field() == GRAPH_INITIALIZER) {
        addTensor(new ProtobufReader(fields.bytes()), files, tensors);
      } else {
        fields.skip();
      }
    }
  }

  private static void addTensor(
      ProtobufReader fields, Map<String, MemorySegment> files, Map<String, Tensor> tensors)
      throws CharacterCodingException {
    String name = "";
    int type = 0;
    int location = 0;
    List<Integer> shape = new ArrayList<>();
    Map<String, String> outside = new HashMap<>();
    @Nullable MemorySegment values = null;
    while (fields.next()) {
      switch (fields.field()) {
        case TENSOR_DIMS -> Arrays.stream(fields.integers()).forEach(shape::add);
        case TENSOR_TYPE -> type = fields.integer();
        case TENSOR_NAME -> name = fields.text();
        case TENSOR_RAW -> values = MemorySegment.ofBuffer(fields.bytes());
        case TENSOR_EXTERNAL_DATA -> addEntry(new ProtobufReader(fields.bytes()), outside);
        case TENSOR_LOCATION -> location = fields.integer();
        default -> fields.skip();
      }
    }
    if (location == EXTERNAL) {
      @Nullable MemorySegment file = files.get(outside.getOrDefault("location", ""));
      if (file == null) {
        throw new IllegalArgumentException("no such file beside the graph");
      }
      long offset = Long.parseLong(outside.getOrDefault("offset", "0"));
      @Nullable String length = outside.get("length");
      values = length == null ? file.asSlice(offset) : file.asSlice(offset, Long.parseLong(length));
    }
    tensors.put(name, new Tensor(type, shape, values));
  }

  private static void addEntry(ProtobufReader fields, Map<String, String> entries)
      throws CharacterCodingException {
    String key = "";
    String value = "";
    while (fields.next()) {
      switch (fields.field()) {
        case ENTRY_KEY -> key = fields.text();
        case ENTRY_VALUE -> value = fields.text();
        default -> fields.skip();
      }
    }
    entries.put(key, value);
  }

  private static MemorySegment mapped(Path file, Arena arena) {
    PlainFile.require(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }
}
