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

  /// Writes the numbers of some blocks to where they stand in the whole, as `value · scale` in fp32
  /// and then rounded.
  ///
  /// @param as the type to write, `F32`, `F16` or `BF16`
  /// @param begin the first block
  /// @param end the block after the last
  /// @param numbers memory of all the weight's numbers
  public void dequantize(ElementType as, long begin, long end, MemorySegment numbers) {
    switch (as) {
      case F32 -> toFloats(begin, end, numbers);
      case F16, BF16 -> toShorts(as == ElementType.BF16, begin, end, numbers);
      case F64, I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException("Nothing in NF4 is given as " + as);
    }
  }

  private void toFloats(long begin, long end, MemorySegment numbers) {
    float[] values = new float[Nf4.codes()];
    long size = size();
    for (long block = begin; block < end; block++) {
      float scale = scales.get(block);
      for (int code = 0; code < values.length; code++) {
        values[code] = Nf4.value(code) * scale;
      }
      long first = block * blockSize;
      long last = Math.min(size, first + blockSize);
      for (long i = first; i + 1 < last; i += 2) {
        int codes = packed.get(ValueLayout.JAVA_BYTE, i >>> 1);
        numbers.set(Nf4.FLOAT, i * Float.BYTES, values[codes >>> 4 & 15]);
        numbers.set(Nf4.FLOAT, (i + 1) * Float.BYTES, values[codes & 15]);
      }
      if ((last & 1) != 0) {
        int codes = packed.get(ValueLayout.JAVA_BYTE, last >>> 1);
        numbers.set(Nf4.FLOAT, (last - 1) * Float.BYTES, values[codes >>> 4 & 15]);
      }
    }
  }

  private void toShorts(boolean brain, long begin, long end, MemorySegment numbers) {
    short[] values = new short[Nf4.codes()];
    long size = size();
    for (long block = begin; block < end; block++) {
      float scale = scales.get(block);
      for (int code = 0; code < values.length; code++) {
        float value = Nf4.value(code) * scale;
        values[code] = brain ? brainFloat(value) : Float.floatToFloat16(value);
      }
      long first = block * blockSize;
      long last = Math.min(size, first + blockSize);
      for (long i = first; i + 1 < last; i += 2) {
        int codes = packed.get(ValueLayout.JAVA_BYTE, i >>> 1);
        numbers.set(Nf4.SHORT, i * Short.BYTES, values[codes >>> 4 & 15]);
        numbers.set(Nf4.SHORT, (i + 1) * Short.BYTES, values[codes & 15]);
      }
      if ((last & 1) != 0) {
        int codes = packed.get(ValueLayout.JAVA_BYTE, last >>> 1);
        numbers.set(Nf4.SHORT, (last - 1) * Short.BYTES, values[codes >>> 4 & 15]);
      }
    }
  }

  /// Rounded to the nearest even.
  private static short brainFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) (bits + 0x7FFF + (bits >>> Short.SIZE & 1) >>> Short.SIZE);
  }
}
