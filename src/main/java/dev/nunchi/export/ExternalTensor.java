package dev.nunchi.export;

import dev.nunchi.export.onnx.StringStringEntryProto;
import dev.nunchi.export.onnx.TensorProto;
import dev.nunchi.export.onnx.TensorProto.DataLocation;

/// A weight of a graph whose data lies in the file beside it.
///
/// @param offset where its bytes begin in the file
record ExternalTensor(String name, TensorContent content, long offset) {
  TensorProto proto(String location) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(content.type().getNumber())
        .addAllDims(content.shape())
        .setDataLocation(DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Long.toString(content.bytes())))
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
