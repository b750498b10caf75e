package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.export.onnx.TensorShapeProto;
import dev.nunchi.export.onnx.TypeProto;
import dev.nunchi.export.onnx.ValueInfoProto;
import java.util.List;

/// A value in a graph: what a node gives and others read.
record Value(String name, DataType type, List<Axis> shape) {
  /// Stands for an optional input that is left out.
  static final Value NONE = new Value("", DataType.UNDEFINED, List.of());

  Axis axis(int index) {
    return shape.get(index);
  }

  ValueInfoProto proto() {
    TensorShapeProto.Builder axes = TensorShapeProto.newBuilder();
    shape.forEach(axis -> axes.addDim(axis.proto()));
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(axes)))
        .build();
  }
}
