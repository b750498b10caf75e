package dev.nunchi.model;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Stored weights as 32-bit floats, whatever floating type the checkpoint holds.
///
/// bfloat16 and half precision convert exactly; a double is rounded to the nearest float.
public final class FloatWeights {
  private static final long DOUBLE_EXPONENT = 0x7ff0_0000_0000_0000L;
  private static final long DOUBLE_UNIT = 1L << 52;
  private static final int FLOAT_EXPONENT = 0x7f80_0000;
  private static final int FLOAT_UNIT = 1 << 23;
  private static final int HALF_EXPONENT = 0x7c00;
  private static final int HALF_UNIT = 1 << 10;

  /// Of a mapped file, that are in memory at one time while all are looked at.
  private static final long PIECE_BYTES = 1 << 26;

  /// The least magnitude that rounds to the infinity of half precision.
  static final float HALF_OVERFLOW = 65520;

  private FloatWeights() {}

  /// Whether the type is one of floating numbers.
  public static boolean isFloat(ElementType type) {
    return switch (type) {
      case F64, F32, F16, BF16 -> true;
      case I64, I32, I16, I8, U8, BOOL -> false;
    };
  }

  /// Whether every element is a number, neither infinite nor NaN.
  ///
  /// Both have an exponent of ones only, to which one more unit carries into the sign's bit. The
  /// pages of a mapped file are let go as they are looked at: all tensors are before any is used,
  /// and a large checkpoint would stand in memory as a whole.
  ///
  /// @throws IllegalArgumentException for a type of whole numbers
  public static boolean isFinite(Weight weight) {
    MemorySegment data = weight.data();
    for (long from = 0; from < data.byteSize(); from += PIECE_BYTES) {
      MemorySegment piece = data.asSlice(from, Math.min(PIECE_BYTES, data.byteSize() - from));
      boolean finite = isFinite(weight.type(), piece);
      if (piece.isMapped()) {
        piece.unload();
      }
      if (!finite) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFinite(ElementType type, MemorySegment data) {
    return switch (type) {
      case F64 -> {
        long carried = 0;
        for (long at = 0; at < data.byteSize(); at += Double.BYTES) {
          carried |= (data.get(LittleEndian.LONG, at) & DOUBLE_EXPONENT) + DOUBLE_UNIT;
        }
        yield carried >= 0;
      }
      case F32 -> {
        int carried = 0;
        for (long at = 0; at < data.byteSize(); at += Float.BYTES) {
          carried |= (data.get(LittleEndian.INT, at) & FLOAT_EXPONENT) + FLOAT_UNIT;
        }
        yield carried >= 0;
      }
      case F16 -> isFinite(data, HALF_EXPONENT, HALF_UNIT);
      case BF16 -> isFinite(data, FLOAT_EXPONENT >>> Short.SIZE, FLOAT_UNIT >>> Short.SIZE);
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException(type + " is not a floating type");
    };
  }

  private static boolean isFinite(MemorySegment shorts, int exponent, int unit) {
    int carried = 0;
    for (long at = 0; at < shorts.byteSize(); at += Short.BYTES) {
      carried |= (shorts.get(LittleEndian.SHORT, at) & exponent) + unit;
    }
    return (short) carried >= 0;
  }

  /// The element at `index` of the row-major data.
  ///
  /// @throws IllegalArgumentException for a type of whole numbers
  public static float get(Weight weight, long index) {
    MemorySegment data = weight.data();
    return switch (weight.type()) {
      case F64 -> (float) data.get(LittleEndian.DOUBLE, index * 8);
      case F32 -> data.get(LittleEndian.FLOAT, index * 4);
      case F16 -> Float.float16ToFloat(data.get(LittleEndian.SHORT, index * 2));
      case BF16 -> Float.intBitsToFloat(data.get(LittleEndian.SHORT, index * 2) << 16);
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException(weight.type() + " is not a floating type");
    };
  }

  /// Copies elements of the row-major data, `from` and those after it, to the start of an array.
  ///
  /// @throws IllegalArgumentException for a type of whole numbers
  public static void copy(Weight weight, long from, float[] into, int count) {
    MemorySegment data = weight.data();
    switch (weight.type()) {
      case F64 -> {
        for (int i = 0; i < count; i++) {
          into[i] = (float) data.get(LittleEndian.DOUBLE, (from + i) * Double.BYTES);
        }
      }
      case F32 -> MemorySegment.copy(data, LittleEndian.FLOAT, from * Float.BYTES, into, 0, count);
      case F16 -> {
        for (int i = 0; i < count; i++) {
          into[i] = Float.float16ToFloat(data.get(LittleEndian.SHORT, (from + i) * Short.BYTES));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          into[i] =
              Float.intBitsToFloat(
                  data.get(LittleEndian.SHORT, (from + i) * Short.BYTES) << Short.SIZE);
        }
      }
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException(weight.type() + " is not a floating type");
    }
  }

  /// Every element, row after row, in a new array.
  public static float[] floats(Weight weight) {
    float[] floats = new float[Math.toIntExact(elements(weight))];
    copy(weight, 0, floats, floats.length);
    return floats;
  }

  /// The weight as `F32`: itself where it is one, else a copy that lives as long as `arena`.
  public static Weight float32(Weight weight, Arena arena) {
    if (weight.type() == ElementType.F32) {
      return weight;
    }
    long elements = elements(weight);
    MemorySegment copy = arena.allocate(elements * 4, 64);
    for (long i = 0; i < elements; i++) {
      copy.set(LittleEndian.FLOAT, i * 4, get(weight, i));
    }
    return new Weight(ElementType.F32, weight.shape(), copy);
  }

  private static long elements(Weight weight) {
    return weight.data().byteSize() / weight.type().bytes();
  }
}
