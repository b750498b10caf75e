package dev.nunchi.model;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Stored weights as 32-bit floats, whatever floating type the checkpoint holds.
///
/// bfloat16 and half precision convert exactly; a double is rounded to the nearest float.
public final class FloatWeights {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FloatWeights() {}

  /// Whether the type is one of floating numbers.
  public static boolean isFloat(ElementType type) {
    return switch (type) {
      case F64, F32, F16, BF16 -> true;
      case I64, I32, I16, I8, U8, BOOL -> false;
    };
  }

  /// The element at `index` of the row-major data.
  ///
  /// @throws IllegalArgumentException for a type of whole numbers
  public static float get(Weight weight, long index) {
    MemorySegment data = weight.data();
    return switch (weight.type()) {
      case F64 -> (float) data.get(DOUBLE, index * 8);
      case F32 -> data.get(FLOAT, index * 4);
      case F16 -> Float.float16ToFloat(data.get(SHORT, index * 2));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, index * 2) << 16);
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException(weight.type() + " is not a floating type");
    };
  }

  /// Every element, row after row, in a new array.
  public static float[] floats(Weight weight) {
    float[] floats = new float[Math.toIntExact(elements(weight))];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = get(weight, i);
    }
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
      copy.set(FLOAT, i * 4, get(weight, i));
    }
    return new Weight(ElementType.F32, weight.shape(), copy);
  }

  private static long elements(Weight weight) {
    return weight.data().byteSize() / weight.type().bytes();
  }
}
