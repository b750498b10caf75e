package dev.nunchi.infer;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.nunchi.model.AdapterTensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Adapters as inputs of a base's graph, one after the other: each input `[rows, …]`. They have one
/// form; an input that some have not is zero in their rows.
final class AdapterRows implements AutoCloseable {
  private final Map<String, OnnxTensor> inputs = new HashMap<>();

  private AdapterRows() {}

  /// One adapter; nothing is copied.
  ///
  /// @param adapter to be closed after this
  static AdapterRows of(AdapterTensors adapter) throws OrtException {
    AdapterRows rows = new AdapterRows();
    for (Map.Entry<String, AdapterTensors.Tensor> input : adapter.inputs().entrySet()) {
      rows.add(input.getKey(), 1, input.getValue().shape(), input.getValue().data());
    }
    return rows;
  }

  /// A copy of several.
  ///
  /// @param arena owns it
  static AdapterRows of(List<AdapterTensors> adapters, Arena arena) throws OrtException {
    Map<String, List<Integer>> shapes = new HashMap<>();
    adapters.forEach(
        each -> each.inputs().forEach((name, tensor) -> shapes.put(name, tensor.shape())));
    AdapterRows rows = new AdapterRows();
    for (Map.Entry<String, List<Integer>> input : shapes.entrySet()) {
      long bytes =
          Float.BYTES
              * input.getValue().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
      MemorySegment all = arena.allocate(adapters.size() * bytes, 64);
      for (int row = 0; row < adapters.size(); row++) {
        AdapterTensors.Tensor tensor = adapters.get(row).inputs().get(input.getKey());
        if (tensor != null) {
          MemorySegment.copy(tensor.data(), 0, all, row * bytes, bytes);
        }
      }
      rows.add(input.getKey(), adapters.size(), input.getValue(), all);
    }
    return rows;
  }

  private void add(String name, int rows, List<Integer> shape, MemorySegment data)
      throws OrtException {
    long[] dims = new long[shape.size() + 1];
    dims[0] = rows;
    for (int axis = 0; axis < shape.size(); axis++) {
      dims[axis + 1] = shape.get(axis);
    }
    inputs.put(
        name,
        OnnxTensor.createTensor(
            OnnxRuntime.environment(),
            data.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer(),
            dims));
  }

  /// By name; valid until [#close].
  Map<String, OnnxTensor> inputs() {
    return inputs;
  }

  @Override
  public void close() {
    inputs.values().forEach(OnnxTensor::close);
  }
}
