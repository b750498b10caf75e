package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatWeightsTest {
  /// Each value is exact in every type. The bytes are those that PyTorch stores.
  private static final float[] VALUES = {1, -2.5f, 0, 0.15625f};

  @Test
  void floats_everyFloatingType_givesTheValues() {
    assertArrayEquals(VALUES, FloatWeights.floats(half()));
    assertArrayEquals(VALUES, FloatWeights.floats(bfloat()));
    assertArrayEquals(
        VALUES,
        FloatWeights.floats(
            weight(
                ElementType.F32,
                0,
                0,
                0x80,
                0x3f,
                0,
                0,
                0x20,
                0xc0,
                0,
                0,
                0,
                0,
                0,
                0,
                0x20,
                0x3e)));
    assertArrayEquals(
        VALUES,
        FloatWeights.floats(
            weight(
                ElementType.F64,
                0,
                0,
                0,
                0,
                0,
                0,
                0xf0,
                0x3f,
                0,
                0,
                0,
                0,
                0,
                0,
                0x04,
                0xc0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0xc4,
                0x3f)));
  }

  @Test
  void float32_otherType_isConverted() {
    try (Arena arena = Arena.ofConfined()) {
      Weight converted = FloatWeights.float32(bfloat(), arena);
      assertEquals(ElementType.F32, converted.type());
      assertEquals(List.of(2, 2), converted.shape());
      assertArrayEquals(VALUES, FloatWeights.floats(converted));
      assertSame(converted, FloatWeights.float32(converted, arena));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"I64", "I32", "I16", "I8", "U8", "BOOL"})
  void get_wholeNumbers_isRefused(ElementType type) {
    Weight weight = new Weight(type, List.of(1), MemorySegment.ofArray(new byte[type.bytes()]));
    assertThrows(IllegalArgumentException.class, () -> FloatWeights.get(weight, 0));
  }

  private static Weight half() {
    return weight(ElementType.F16, 0, 0x3c, 0, 0xc1, 0, 0, 0, 0x31);
  }

  private static Weight bfloat() {
    return weight(ElementType.BF16, 0x80, 0x3f, 0x20, 0xc0, 0, 0, 0x20, 0x3e);
  }

  private static Weight weight(ElementType type, int... bytes) {
    byte[] data = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      data[i] = (byte) bytes[i];
    }
    return new Weight(type, List.of(2, 2), MemorySegment.ofArray(data));
  }
}
