package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.model.FloatWeights;
import dev.nunchi.nn.Weight;
import java.nio.ByteBuffer;
import java.util.List;

/// What the file beside a graph holds of a weight: its numbers in the format of the export.
///
/// `weight` is the weight as the checkpoint holds it; `transposed` says whether a matrix `[out,
/// in]` is stored as `[in, out]`, as MatMul reads it.
sealed interface TensorContent {
  Weight weight();

  boolean transposed();

  DataType type();

  /// Bytes of one element.
  default int elementBytes() {
    return switch (type()) {
      case FLOAT -> Float.BYTES;
      case FLOAT16 -> Short.BYTES;
      case INT8 -> Byte.BYTES;
      default -> throw new IllegalStateException("No weight is stored as " + type());
    };
  }

  /// Appends the element of the weight at `index` of its row-major order.
  void put(ByteBuffer buffer, long index);

  /// The shape as it is stored.
  default List<Long> shape() {
    List<Long> shape = weight().shape().stream().map(Integer::longValue).toList();
    return transposed() ? shape.reversed() : shape;
  }

  default long bytes() {
    return shape().stream().reduce((long) elementBytes(), Math::multiplyExact);
  }

  /// IEEE 754, 32 bits.
  record Floats(Weight weight, boolean transposed) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.FLOAT;
    }

    @Override
    public void put(ByteBuffer buffer, long index) {
      buffer.putFloat(FloatWeights.get(weight, index));
    }
  }

  /// IEEE 754, 16 bits; what is beyond its range becomes the largest number of it.
  record Halves(Weight weight, boolean transposed) implements TensorContent {
    static final float LARGEST = 65504;

    @Override
    public DataType type() {
      return DataType.FLOAT16;
    }

    @Override
    public void put(ByteBuffer buffer, long index) {
      float number = Math.clamp(FloatWeights.get(weight, index), -LARGEST, LARGEST);
      buffer.putShort(Float.floatToFloat16(number));
    }
  }

  /// Whole numbers of 8 bits, each row of the weight in steps of its own.
  ///
  /// @param steps of each row: what one is worth
  record IntegerRows(Weight weight, float[] steps) implements TensorContent {
    /// With the smallest steps that reach the greatest number of each row.
    static IntegerRows of(Weight weight) {
      int rows = weight.shape().getFirst();
      long width = weight.data().byteSize() / weight.type().bytes() / rows;
      float[] steps = new float[rows];
      for (int row = 0; row < rows; row++) {
        float greatest = 0;
        for (long i = row * width; i < (row + 1) * width; i++) {
          greatest = Math.max(greatest, Math.abs(FloatWeights.get(weight, i)));
        }
        steps[row] = greatest == 0 ? 1 : greatest / Byte.MAX_VALUE;
      }
      return new IntegerRows(weight, steps);
    }

    @Override
    public boolean transposed() {
      return false;
    }

    @Override
    public DataType type() {
      return DataType.INT8;
    }

    @Override
    public void put(ByteBuffer buffer, long index) {
      long width = weight.data().byteSize() / weight.type().bytes() / steps.length;
      float step = steps[(int) (index / width)];
      buffer.put((byte) Math.round(FloatWeights.get(weight, index) / step));
    }
  }

  /// The matrix of a linear layer in whole numbers of 8 bits.
  ///
  /// @param numbers in the row-major order of the weight
  record IntegerMatrix(Weight weight, byte[] numbers) implements TensorContent {
    @Override
    public boolean transposed() {
      return true;
    }

    @Override
    public DataType type() {
      return DataType.INT8;
    }

    @Override
    public void put(ByteBuffer buffer, long index) {
      buffer.put(numbers[(int) index]);
    }
  }

  /// Whole numbers of 8 bits, each column of the weight in steps of its own, so that rows add up as
  /// whole numbers.
  ///
  /// @param steps of each column: what one is worth
  record IntegerColumns(Weight weight, float[] steps) implements TensorContent {
    /// How far the steps reach, as a share of the greatest number of a column; the few beyond are
    /// cut, so that all others are finer (measured: it keeps most labels).
    static final float REACH = 0.8f;

    static IntegerColumns of(Weight weight) {
      float[] greatest = new float[weight.shape().getLast()];
      long count = weight.data().byteSize() / weight.type().bytes();
      for (long i = 0; i < count; i++) {
        int column = (int) (i % greatest.length);
        greatest[column] = Math.max(greatest[column], Math.abs(FloatWeights.get(weight, i)));
      }
      float[] steps = new float[greatest.length];
      for (int column = 0; column < steps.length; column++) {
        steps[column] = greatest[column] == 0 ? 1 : greatest[column] * REACH / Byte.MAX_VALUE;
      }
      return new IntegerColumns(weight, steps);
    }

    @Override
    public boolean transposed() {
      return false;
    }

    @Override
    public DataType type() {
      return DataType.INT8;
    }

    @Override
    public void put(ByteBuffer buffer, long index) {
      float step = steps[(int) (index % steps.length)];
      int number = Math.round(FloatWeights.get(weight, index) / step);
      buffer.put((byte) Math.clamp(number, -Byte.MAX_VALUE, Byte.MAX_VALUE));
    }
  }
}
