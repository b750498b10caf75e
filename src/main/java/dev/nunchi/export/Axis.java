package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorShapeProto.Dimension;

/// One axis of a value in a graph: of a known size, or of a named one that the inputs decide.
sealed interface Axis {
  record Sized(long size) implements Axis {}

  record Named(String name) implements Axis {
    static final Axis BATCH = new Named("batch_size");
    static final Axis SEQ = new Named("sequence_length");
  }

  static Axis of(long size) {
    return new Sized(size);
  }

  default Dimension proto() {
    return switch (this) {
      case Sized(long size) -> Dimension.newBuilder().setDimValue(size).build();
      case Named(String name) -> Dimension.newBuilder().setDimParam(name).build();
    };
  }
}
