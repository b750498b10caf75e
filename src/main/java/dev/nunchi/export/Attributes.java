package dev.nunchi.export;

import com.google.protobuf.ByteString;
import dev.nunchi.export.onnx.AttributeProto;
import dev.nunchi.export.onnx.AttributeProto.AttributeType;
import java.util.Arrays;

/// Settings of a node.
final class Attributes {
  private Attributes() {}

  static AttributeProto of(String name, long number) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.INT)
        .setI(number)
        .build();
  }

  static AttributeProto of(String name, float number) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.FLOAT)
        .setF(number)
        .build();
  }

  static AttributeProto of(String name, String text) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(text))
        .build();
  }

  static AttributeProto list(String name, Long... numbers) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.INTS)
        .addAllInts(Arrays.asList(numbers))
        .build();
  }
}
