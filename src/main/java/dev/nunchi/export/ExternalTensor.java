package dev.nunchi.export;

import dev.nunchi.export.onnx.StringStringEntryProto;
import dev.nunchi.export.onnx.TensorProto;
import dev.nunchi.export.onnx.TensorProto.DataLocation;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.Weight;
import java.util.List;

/// A weight of a graph whose fp32 data lies in the file beside it.
///
/// @param weight the weight as the checkpoint holds it
/// @param transposed whether a matrix `[out, in]` is stored as `[in, out]`, as MatMul reads it
/// @param offset where its bytes begin in the file
record ExternalTensor(String name, Weight weight, boolean transposed, long offset) {
  List<Long> shape() {
    List<Long> shape = weight.shape().stream().map(Integer::longValue).toList();
    return transposed ? shape.reversed() : shape;
  }

  long bytes() {
    return shape().stream().reduce((long) Float.BYTES, Math::multiplyExact);
  }

  TensorProto proto(String location) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(DataType.FLOAT.getNumber())
        .addAllDims(shape())
        .setDataLocation(DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Long.toString(bytes())))
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
