package dev.nunchi.export;

import com.google.protobuf.ByteString;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.GraphProto;
import dev.nunchi.export.onnx.ModelProto;
import dev.nunchi.export.onnx.NodeProto;
import dev.nunchi.export.onnx.OperatorSetIdProto;
import dev.nunchi.export.onnx.StringStringEntryProto;
import dev.nunchi.export.onnx.TensorProto;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.export.onnx.TensorShapeProto;
import dev.nunchi.export.onnx.ValueInfoProto;
import dev.nunchi.model.Digests;
import dev.nunchi.model.ModelDirectory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Graphs that were exported here, or what comes before the head of one, as parts of a new one:
/// what each computes stays as it is, under names of its own. Its weights are copied into one file,
/// or stay in the parts' files, to which there are links.
final class JoinedGraph {
  /// Readers map the file: weights begin at a page.
  private static final long PAGE_BYTES = 4096;

  private static final String LOCATION = "location";
  private static final String OFFSET = "offset";
  private static final String LENGTH = "length";
  private static final String LOGITS = "logits";

  /// The axis that all graphs share.
  private static final String BATCH = "batch_size";

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("nunchi");
  private final Map<String, OperatorSetIdProto> operators = new HashMap<>();
  private final List<Weights> weights = new ArrayList<>();
  private final boolean linked;
  private final Map<Path, String> links = new LinkedHashMap<>();
  private final List<StringStringEntryProto> metadata = new ArrayList<>();
  private long irVersion;
  private long end;

  /// @param linked whether weights stay in the files where they lie
  JoinedGraph(boolean linked) {
    this.linked = linked;
  }

  /// What comes before the last linear layer of a graph.
  ///
  /// @param name of the value `[batch, width]`, of float
  record Encoded(String name, int width) {}

  /// Bytes of a file, or of memory, and where they go.
  private record Weights(@Nullable Path source, long from, long length, byte[] made, long offset) {}

  /// Adds a graph's nodes and weights; its inputs are those of the joined graph, and so is what it
  /// says of itself.
  ///
  /// @return the name of its logits
  String addFirst(ModelDirectory directory, String prefix) {
    ModelProto model = read(directory);
    metadata.addAll(model.getMetadataPropsList());
    graph.addAllInput(model.getGraph().getInputList());
    Map<String, String> names = new HashMap<>();
    model.getGraph().getInputList().forEach(input -> names.put(input.getName(), input.getName()));
    return add(directory, model, prefix, names, "");
  }

  /// Adds a graph that reads values of the joined one.
  ///
  /// @param inputs the value for each of its inputs
  /// @return the name of its logits
  String add(ModelDirectory directory, String prefix, Map<String, String> inputs) {
    // Equal names are taken for equal lengths, and its texts have other lengths.
    return add(directory, read(directory), prefix, inputs, prefix);
  }

  /// Adds what of a graph comes before its head, as [#addFirst] does. Of two models that were
  /// combined it is the first's.
  ///
  /// @throws NunchiException `UNSUPPORTED_MODEL` where the last layer is not linear
  Encoded addEncoder(ModelDirectory directory) {
    ModelProto model = read(directory);
    metadata.addAll(model.getMetadataPropsList());
    GraphProto all = model.getGraph();
    GraphHead head = GraphHead.of(directory.graph(), all);
    Set<String> needed = head.before();
    GraphProto.Builder part = all.toBuilder().clearNode().clearInitializer().clearValueInfo();
    all.getNodeList().stream()
        .filter(node -> node.getOutputList().stream().anyMatch(needed::contains))
        .forEach(part::addNode);
    all.getInitializerList().stream()
        .filter(tensor -> needed.contains(tensor.getName()))
        .forEach(part::addInitializer);
    all.getValueInfoList().stream()
        .filter(value -> needed.contains(value.getName()))
        .forEach(part::addValueInfo);
    graph.addAllInput(all.getInputList());
    Map<String, String> names = new HashMap<>();
    all.getInputList().forEach(input -> names.put(input.getName(), input.getName()));
    String unused = add(directory, model.toBuilder().setGraph(part).build(), "", names, "");
    return new Encoded(head.input(), head.width());
  }

  private String add(
      ModelDirectory directory,
      ModelProto model,
      String prefix,
      Map<String, String> names,
      String axisPrefix) {
    irVersion = Math.max(irVersion, model.getIrVersion());
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      OperatorSetIdProto known = operators.putIfAbsent(set.getDomain(), set);
      if (known != null && known.getVersion() != set.getVersion()) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s has operators of version %d, and what it is joined with of version %d; export both again"
                .formatted(directory.graph(), set.getVersion(), known.getVersion()));
      }
    }
    GraphProto part = model.getGraph();
    for (TensorProto tensor : part.getInitializerList()) {
      graph.addInitializer(placed(directory, tensor).setName(prefix + tensor.getName()));
    }
    for (NodeProto node : part.getNodeList()) {
      NodeProto.Builder renamed = node.toBuilder().clearInput().clearOutput();
      node.getInputList().forEach(name -> renamed.addInput(name(name, prefix, names)));
      node.getOutputList().forEach(name -> renamed.addOutput(name(name, prefix, names)));
      graph.addNode(renamed.setName(prefix + node.getName()));
    }
    for (ValueInfoProto value : part.getValueInfoList()) {
      graph.addValueInfo(renamed(value.toBuilder(), axisPrefix).setName(prefix + value.getName()));
    }
    return prefix + LOGITS;
  }

  private static String name(String name, String prefix, Map<String, String> names) {
    return name.isEmpty() ? name : names.getOrDefault(name, prefix + name);
  }

  private static ValueInfoProto.Builder renamed(ValueInfoProto.Builder value, String axisPrefix) {
    TensorShapeProto.Builder shape =
        value.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
    shape
        .getDimBuilderList()
        .forEach(axis -> {
          if (axis.hasDimParam() && !axis.getDimParam().equals(BATCH)) {
            axis.setDimParam(axisPrefix + axis.getDimParam());
          }
        });
    return value;
  }

  private TensorProto.Builder placed(ModelDirectory directory, TensorProto tensor) {
    TensorProto.Builder copy = tensor.toBuilder();
    if (tensor.getExternalDataCount() == 0) {
      return copy;
    }
    Map<String, String> place = new HashMap<>();
    tensor.getExternalDataList().forEach(entry -> place.put(entry.getKey(), entry.getValue()));
    Path source = directory.path().resolve(place.getOrDefault(LOCATION, ModelDirectory.WEIGHTS));
    long from = Long.parseLong(place.getOrDefault(OFFSET, "0"));
    long length = Long.parseLong(place.getOrDefault(LENGTH, "0"));
    if (linked) {
      return copy.clearExternalData().addAllExternalData(external(link(source), from, length));
    }
    Weights moved = new Weights(source, from, length, new byte[0], next(length));
    weights.add(moved);
    return copy.clearExternalData().addAllExternalData(external(moved));
  }

  /// The name under which the joined graph finds a file: that of the model that it belongs to, with
  /// `_` for what a manifest takes in no name.
  private String link(Path source) {
    try {
      return links.computeIfAbsent(
          source.toRealPath(),
          file -> {
            String model =
                String.valueOf(file.resolveSibling("").getFileName())
                    .replaceAll("[^\\w.-]|^\\.", "_");
            String name = model + ".onnx.data";
            for (int i = 2; links.containsValue(name) || name.equals(ModelDirectory.WEIGHTS); i++) {
              name = "%s-%d.onnx.data".formatted(model, i);
            }
            return name;
          });
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, source + " cannot be read", e);
    }
  }

  private long next(long length) {
    long offset = Math.ceilDiv(end, PAGE_BYTES) * PAGE_BYTES;
    end = offset + length;
    return offset;
  }

  private static List<StringStringEntryProto> external(Weights weights) {
    return external(ModelDirectory.WEIGHTS, weights.offset(), weights.length());
  }

  private static List<StringStringEntryProto> external(String file, long offset, long length) {
    return List.of(
        entry(LOCATION, file),
        entry(OFFSET, Long.toString(offset)),
        entry(LENGTH, Long.toString(length)));
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  /// An operation of the standard.
  ///
  /// @return its output, which has its name
  String node(String operator, String name, List<String> inputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .setName(name)
            .addAllInput(inputs)
            .addOutput(name)
            .addAllAttribute(Arrays.asList(attributes)));
    return name;
  }

  /// A list of whole numbers.
  String numbers(String name, long... values) {
    ByteBuffer raw = ByteBuffer.allocate(Long.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asLongBuffer().put(values);
    return constant(name, DataType.INT64, List.of((long) values.length), raw);
  }

  /// A number without axes.
  String number(String name, float value) {
    ByteBuffer raw = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.putFloat(0, value);
    return constant(name, DataType.FLOAT, List.of(), raw);
  }

  /// Numbers that stand in the graph itself.
  ///
  /// @param values in the order of the last axis
  String floats(String name, List<Long> dims, float[] values) {
    ByteBuffer raw =
        ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    return constant(name, DataType.FLOAT, dims, raw);
  }

  private String constant(String name, DataType type, List<Long> dims, ByteBuffer raw) {
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .addAllDims(dims)
            .setRawData(ByteString.copyFrom(raw)));
    return name;
  }

  /// A table of whole numbers in [0, 65535], beside the weights.
  String table(String name, int[][] rows) {
    ByteBuffer raw =
        ByteBuffer.allocate(Short.BYTES * rows.length * rows[0].length)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int[] row : rows) {
      for (int value : row) {
        raw.putShort((short) value);
      }
    }
    Weights made = new Weights(null, 0, raw.capacity(), raw.array(), next(raw.capacity()));
    weights.add(made);
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(DataType.UINT16.getNumber())
            .addDims(rows.length)
            .addDims(rows[0].length)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addAllExternalData(external(made)));
    return name;
  }

  /// Names a value as the logits of all, in the place of those that a part has.
  ///
  /// @param like a directory whose logits have their type and shape
  void output(String value, ModelDirectory like) {
    node("Identity", LOGITS, List.of(value));
    graph.addAllOutput(read(like).getGraph().getOutputList());
  }

  /// Names a value as the logits.
  ///
  /// @param value `[batch, width]`, of float
  void output(String value, int width) {
    node("Identity", LOGITS, List.of(value));
    ValueInfoProto.Builder logits = ValueInfoProto.newBuilder().setName(LOGITS);
    logits
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .setElemType(DataType.FLOAT.getNumber())
        .getShapeBuilder()
        .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(BATCH))
        .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(width));
    graph.addOutput(logits);
  }

  /// Writes the graph, the file of its weights, where it has any of its own, and the links to other
  /// files, all new.
  ///
  /// @return their SHA-256, by the names of the files
  Map<String, String> write(Path directory) throws IOException {
    ModelProto proto =
        ModelProto.newBuilder()
            .setIrVersion(irVersion)
            .setProducerName("nunchi")
            .addAllOpsetImport(operators.values())
            .addAllMetadataProps(metadata)
            .setGraph(graph)
            .build();
    Map<String, String> digests = new HashMap<>();
    if (!weights.isEmpty()) {
      try (HashedFile file = HashedFile.create(directory.resolve(ModelDirectory.WEIGHTS))) {
        for (Weights one : weights) {
          file.fill(one.offset());
          append(file, one);
        }
        digests.put(ModelDirectory.WEIGHTS, file.finish());
      }
    }
    for (Map.Entry<Path, String> link : links.entrySet()) {
      Files.createSymbolicLink(directory.resolve(link.getValue()), link.getKey());
      digests.put(link.getValue(), Digests.sha256(link.getKey()));
    }
    digests.put(
        ModelDirectory.GRAPH, GraphWriter.write(proto, directory.resolve(ModelDirectory.GRAPH)));
    return digests;
  }

  private static void append(HashedFile file, Weights weights) throws IOException {
    if (weights.source() == null) {
      file.append(MemorySegment.ofArray(weights.made()));
      return;
    }
    try (FileChannel channel = FileChannel.open(weights.source(), StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      file.append(
          channel.map(FileChannel.MapMode.READ_ONLY, weights.from(), weights.length(), arena));
    }
  }

  private static ModelProto read(ModelDirectory directory) {
    try {
      ModelProto model = ModelProto.parseFrom(Files.readAllBytes(directory.graph()));
      if (!model.getProducerName().equals("nunchi")) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s was not exported by nunchi; only such graphs are joined"
                .formatted(directory.graph()));
      }
      return model;
    } catch (IOException e) {
      throw new NunchiException(
          Reason.INVALID_MODEL, directory.graph() + " cannot be read as ONNX", e);
    }
  }
}
