package dev.nunchi.nn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A stored weight in NF4; see [Nf4].
///
/// @param type of the numbers that it stands for, which are rounded to it
/// @param blockSize numbers that share a scale; even
/// @param packed the codes, two to a byte; a view that its owner keeps alive, read only
public record Nf4Weight(
    ElementType type, List<Integer> shape, int blockSize, MemorySegment packed, Nf4Scales scales) {
  public Nf4Weight {
    long size = size(shape);
    if (packed.byteSize() != (size + 1) / 2
        || scales.size() != (size + blockSize - 1) / blockSize) {
      throw new IllegalArgumentException(
          "A weight %s in blocks of %d is not %d bytes and %d scales"
              .formatted(shape, blockSize, packed.byteSize(), scales.size()));
    }
  }

  private static long size(List<Integer> shape) {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }

  /// How many numbers it stands for.
  public long size() {
    return size(shape);
  }

  /// The numbers that it stands for, in memory of `arena`.
  public Weight dequantized(Arena arena) {
    MemorySegment numbers = arena.allocate(size() * type.bytes(), Long.BYTES);
    dequantize(type, 0, scales.size(), numbers);
    return new Weight(type, shape, numbers.asReadOnly());
  }

  /// Writes the numbers of some blocks to where they stand in the whole: `value · scale` in fp32,
  /// rounded to the type of the weight and then to the one that is asked for, so that they are the
  /// same numbers in each type that holds them.
  ///
  /// @param as the type to write, `F32`, `F16` or `BF16`
  /// @param begin the first block
  /// @param end the block after the last
  /// @param numbers memory of all the weight's numbers
  public void dequantize(ElementType as, long begin, long end, MemorySegment numbers) {
    long[] values = new long[Nf4.codes()];
    long size = size();
    for (long block = begin; block < end; block++) {
      float scale = scales.get(block);
      for (int code = 0; code < values.length; code++) {
        values[code] = bits(as, rounded(Nf4.value(code) * scale));
      }
      long first = block * blockSize;
      long last = Math.min(size, first + blockSize);
      if (as == ElementType.F32) {
        writeInts(values, first, last, numbers);
      } else {
        writeShorts(values, first, last, numbers);
      }
    }
  }

  private float rounded(float value) {
    return switch (type) {
      case BF16 -> Float.intBitsToFloat(brainFloat(value) << Short.SIZE);
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case F32, F64 -> value;
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalStateException("A weight in NF4 is not of type " + type);
    };
  }

  private static long bits(ElementType as, float value) {
    return switch (as) {
      case F32 -> Float.floatToRawIntBits(value) & 0xFFFF_FFFFL;
      case BF16 -> brainFloat(value) & 0xFFFFL;
      case F16 -> Float.floatToFloat16(value) & 0xFFFFL;
      case F64, I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException("Nothing in NF4 is given as " + as);
    };
  }

  /// Rounded to the nearest even.
  private static short brainFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) (bits + 0x7FFF + (bits >>> Short.SIZE & 1) >>> Short.SIZE);
  }

  /// Writes numbers of four bytes, two at once.
  private void writeInts(long[] values, long first, long last, MemorySegment numbers) {
    for (long at = first >>> 1; at < last >>> 1; at++) {
      int codes = packed.get(ValueLayout.JAVA_BYTE, at);
      long pair = values[codes >>> 4 & 15] | values[codes & 15] << Integer.SIZE;
      numbers.set(LittleEndian.LONG, at * Long.BYTES, pair);
    }
    if ((last & 1) != 0) {
      int codes = packed.get(ValueLayout.JAVA_BYTE, last >>> 1);
      numbers.set(LittleEndian.INT, (last - 1) * Integer.BYTES, (int) values[codes >>> 4 & 15]);
    }
  }

  /// Writes numbers of two bytes, two at once.
  private void writeShorts(long[] values, long first, long last, MemorySegment numbers) {
    for (long at = first >>> 1; at < last >>> 1; at++) {
      int codes = packed.get(ValueLayout.JAVA_BYTE, at);
      long pair = values[codes >>> 4 & 15] | values[codes & 15] << Short.SIZE;
      numbers.set(LittleEndian.INT, at * Integer.BYTES, (int) pair);
    }
    if ((last & 1) != 0) {
      int codes = packed.get(ValueLayout.JAVA_BYTE, last >>> 1);
      numbers.set(LittleEndian.SHORT, (last - 1) * Short.BYTES, (short) values[codes >>> 4 & 15]);
    }
  }
}
