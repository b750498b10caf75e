package dev.nunchi.export;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.model.FloatWeights;
import dev.nunchi.nn.ElementType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/// What the file beside a graph holds of a weight: its numbers in the format of the export. Nothing
/// is read of the checkpoint until it is written, and then a few megabytes at a time.
sealed interface TensorContent {
  DataType type();

  /// The shape as it is stored.
  List<Long> shape();

  /// Appends the numbers.
  void write(HashedFile file) throws IOException;

  /// Bytes of one element.
  default int elementBytes() {
    return switch (type()) {
      case FLOAT -> Float.BYTES;
      case FLOAT16, BFLOAT16 -> Short.BYTES;
      case INT8, UINT8 -> Byte.BYTES;
      default -> throw new IllegalStateException("No weight is stored as " + type());
    };
  }

  default long bytes() {
    return shape().stream().reduce((long) elementBytes(), Math::multiplyExact);
  }

  /// Floating numbers.
  ///
  /// @param type 32 bits of IEEE 754; 16, where what is beyond their range becomes the largest
  ///   number of it; or the upper 16 of the 32, rounded
  /// @param transposed whether a matrix `[out, in]` is stored as `[in, out]`, as MatMul reads it
  record Floats(WeightSource source, DataType type, boolean transposed) implements TensorContent {
    private static final float LARGEST_HALF = 65504;

    /// Rows of the stored matrix that are put together in one go, each a line of the cache that is
    /// filled from the columns of the weight.
    private static final int MOST_ROWS = 256;

    @Override
    public List<Long> shape() {
      List<Long> shape = source.shape().stream().map(Integer::longValue).toList();
      return transposed ? shape.reversed() : shape;
    }

    @Override
    public void write(HashedFile file) throws IOException {
      if (transposed) {
        writeTransposed(file);
        return;
      }
      source.bytes(piece -> {
        if (isStored(piece.type())) {
          file.append(piece.data());
          return;
        }
        int size = piece.shape().getFirst();
        float[] numbers = new float[Math.min(size, 1 << 16)];
        for (int from = 0; from < size; from += numbers.length) {
          int count = Math.min(numbers.length, size - from);
          FloatWeights.copy(piece, from, numbers, count);
          put(file, numbers, count);
        }
      });
    }

    private boolean isStored(ElementType stored) {
      return switch (stored) {
        case F32 -> type == DataType.FLOAT;
        case F16 -> type == DataType.FLOAT16;
        case BF16 -> type == DataType.BFLOAT16;
        case F64, I64, I32, I16, I8, U8, BOOL -> false;
      };
    }

    /// In bands of rows of the stored matrix, that is of columns of the weight.
    private void writeTransposed(HashedFile file) throws IOException {
      int out = source.shape().get(0);
      int in = source.shape().get(1);
      int most = Math.clamp(HashedFile.BUFFER_BYTES / Float.BYTES / out, 1, MOST_ROWS);
      float[] band = new float[most * out];
      float[] part = new float[most];
      source.use(weight -> {
        for (int first = 0; first < in; first += most) {
          int rows = Math.min(most, in - first);
          for (int column = 0; column < out; column++) {
            FloatWeights.copy(weight, (long) column * in + first, part, rows);
            for (int row = 0; row < rows; row++) {
              band[row * out + column] = part[row];
            }
          }
          put(file, band, rows * out);
        }
      });
    }

    private void put(HashedFile file, float[] numbers, int count) throws IOException {
      int most = HashedFile.BUFFER_BYTES / elementBytes();
      for (int from = 0; from < count; from += most) {
        int end = Math.min(from + most, count);
        ByteBuffer room = file.room((end - from) * elementBytes());
        switch (type) {
          case FLOAT -> {
            for (int i = from; i < end; i++) {
              room.putFloat(numbers[i]);
            }
          }
          case FLOAT16 -> {
            for (int i = from; i < end; i++) {
              float number = Math.clamp(numbers[i], -LARGEST_HALF, LARGEST_HALF);
              room.putShort(Float.floatToFloat16(number));
            }
          }
          case BFLOAT16 -> {
            for (int i = from; i < end; i++) {
              room.putShort(bfloat16(numbers[i]));
            }
          }
          default -> throw new IllegalStateException(type + " is no floating type");
        }
      }
    }

    /// To the nearest, a tie to the even one.
    private static short bfloat16(float number) {
      int bits = Float.floatToRawIntBits(number);
      return (short) ((bits + 0x7fff + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
    }
  }

  /// Whole numbers of 8 bits, each row of the weight in steps of its own, see [RowSteps].
  record IntegerRows(WeightSource source) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.INT8;
    }

    @Override
    public List<Long> shape() {
      return source.shape().stream().map(Integer::longValue).toList();
    }

    @Override
    public void write(HashedFile file) throws IOException {
      int width = source.width();
      source.numbers(
          width,
          (numbers, count) -> {
            for (int row = 0; row < count; row += width) {
              float step = RowSteps.step(numbers, row, width);
              ByteBuffer room = file.room(width);
              for (int i = row; i < row + width; i++) {
                room.put((byte) Math.round(numbers[i] / step));
              }
            }
          });
    }
  }

  /// What one is worth in each of [IntegerRows]: the smallest steps that reach the greatest number.
  record RowSteps(WeightSource source) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.FLOAT;
    }

    @Override
    public List<Long> shape() {
      return List.of(source.size() / source.width());
    }

    @Override
    public void write(HashedFile file) throws IOException {
      int width = source.width();
      source.numbers(
          width,
          (numbers, count) -> {
            for (int row = 0; row < count; row += width) {
              file.room(Float.BYTES).putFloat(step(numbers, row, width));
            }
          });
    }

    static float step(float[] numbers, int from, int width) {
      float greatest = 0;
      for (int i = from; i < from + width; i++) {
        greatest = Math.max(greatest, Math.abs(numbers[i]));
      }
      return greatest == 0 ? 1 : greatest / Byte.MAX_VALUE;
    }
  }

  /// The matrix of a linear layer in whole numbers of 8 bits, stored as `[in, out]`.
  ///
  /// @param numbers in the order of the weight, `[out, in]`
  record IntegerMatrix(int out, int in, byte[] numbers) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.INT8;
    }

    @Override
    public List<Long> shape() {
      return List.of((long) in, (long) out);
    }

    @Override
    public void write(HashedFile file) throws IOException {
      for (int row = 0; row < in; row++) {
        ByteBuffer room = file.room(out);
        for (int column = 0; column < out; column++) {
          room.put(numbers[column * in + row]);
        }
      }
    }
  }

  /// Whole numbers of 8 bits, each column of the weight in steps of its own, so that rows add up as
  /// whole numbers; see [ColumnSteps].
  record IntegerColumns(WeightSource source) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.INT8;
    }

    @Override
    public List<Long> shape() {
      return source.shape().stream().map(Integer::longValue).toList();
    }

    @Override
    public void write(HashedFile file) throws IOException {
      float[] steps = new ColumnSteps(source).steps();
      source.numbers(
          steps.length,
          (numbers, count) -> {
            ByteBuffer room = file.room(count);
            for (int i = 0; i < count; i++) {
              int number = Math.round(numbers[i] / steps[i % steps.length]);
              room.put((byte) Math.clamp(number, -Byte.MAX_VALUE, Byte.MAX_VALUE));
            }
          });
    }
  }

  /// What one is worth in each of [IntegerColumns].
  record ColumnSteps(WeightSource source) implements TensorContent {
    /// How far the steps reach, as a share of the greatest number of a column; the few beyond are
    /// cut, so that all others are finer (measured: it keeps most labels).
    static final float REACH = 0.8f;

    @Override
    public DataType type() {
      return DataType.FLOAT;
    }

    @Override
    public List<Long> shape() {
      return List.of((long) source.width());
    }

    @Override
    public void write(HashedFile file) throws IOException {
      for (float step : steps()) {
        file.room(Float.BYTES).putFloat(step);
      }
    }

    float[] steps() throws IOException {
      float[] greatest = new float[source.width()];
      source.numbers(
          greatest.length,
          (numbers, count) -> {
            for (int i = 0; i < count; i++) {
              int column = i % greatest.length;
              greatest[column] = Math.max(greatest[column], Math.abs(numbers[i]));
            }
          });
      float[] steps = new float[greatest.length];
      for (int column = 0; column < steps.length; column++) {
        steps[column] = greatest[column] == 0 ? 1 : greatest[column] * REACH / Byte.MAX_VALUE;
      }
      return steps;
    }
  }

  /// Takes one block of a row's numbers; the last of a row may be shorter.
  @FunctionalInterface
  interface BlockOfRow {
    void take(float[] numbers, int from, int size) throws IOException;

    /// Gives each block of each row.
    static void each(WeightSource source, BlockRounding rounding, BlockOfRow block)
        throws IOException {
      int width = source.width();
      source.numbers(
          width,
          (numbers, count) -> {
            for (int row = 0; row < count; row += width) {
              for (int from = 0; from < width; from += rounding.blockSize()) {
                block.take(numbers, row + from, Math.min(rounding.blockSize(), width - from));
              }
            }
          });
    }
  }

  /// The matrix of a linear layer in whole numbers of 4 or 8 bits, each block of a row in steps of
  /// its own, as MatMulNBits reads it: `[out, blocks, bytes]`, of two numbers in a byte the first
  /// in the lower half. See [BlockSteps] and [BlockZeros].
  record IntegerBlocks(WeightSource source, BlockRounding rounding) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.UINT8;
    }

    @Override
    public List<Long> shape() {
      return List.of(
          (long) source.shape().getFirst(),
          rounding.blocks(source.width()),
          (long) rounding.blockBytes());
    }

    @Override
    public void write(HashedFile file) throws IOException {
      BlockOfRow.each(
          source,
          rounding,
          (numbers, from, size) ->
              rounding.put(numbers, from, size, file.room(rounding.blockBytes())));
    }
  }

  /// What one is worth in each of [IntegerBlocks], `[out, blocks]`.
  record BlockSteps(WeightSource source, BlockRounding rounding) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.FLOAT;
    }

    @Override
    public List<Long> shape() {
      return List.of((long) source.shape().getFirst(), rounding.blocks(source.width()));
    }

    @Override
    public void write(HashedFile file) throws IOException {
      BlockOfRow.each(
          source,
          rounding,
          (numbers, from, size) ->
              file.room(Float.BYTES).putFloat(rounding.scale(numbers, from, size).step()));
    }
  }

  /// The zero of each of [IntegerBlocks] of 4 bits, `[out, bytes]`, packed as these are.
  record BlockZeros(WeightSource source, BlockRounding rounding) implements TensorContent {
    @Override
    public DataType type() {
      return DataType.UINT8;
    }

    @Override
    public List<Long> shape() {
      return List.of((long) source.shape().getFirst(), Math.ceilDiv(rounding.blocks(width()), 2L));
    }

    private int width() {
      return source.width();
    }

    @Override
    public void write(HashedFile file) throws IOException {
      source.numbers(
          width(),
          (numbers, count) -> {
            for (int row = 0; row < count; row += width()) {
              for (int from = 0; from < width(); from += 2 * rounding.blockSize()) {
                int second = from + rounding.blockSize();
                int packed = zero(numbers, row, from);
                if (second < width()) {
                  packed |= zero(numbers, row, second) << rounding.bits();
                }
                file.room(1).put((byte) packed);
              }
            }
          });
    }

    private int zero(float[] numbers, int row, int from) {
      int size = Math.min(rounding.blockSize(), width() - from);
      return rounding.scale(numbers, row + from, size).zero();
    }
  }
}
