package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Nf4Test {
  private static final Arena ARENA = Arena.ofAuto();

  static List<Nf4Case> cases() {
    return Nf4Case.all();
  }

  @Test
  void values_all_areThoseOfBitsandbytes() {
    float[] values = new float[Nf4.codes()];
    for (int code = 0; code < values.length; code++) {
      values[code] = Nf4.value(code);
    }
    assertArrayEquals(Nf4Case.table("values"), values);
  }

  @Test
  void nearest_atAThresholdAndRightOverIt_isTheLowerCodeAndTheNext() {
    float[] thresholds = Nf4Case.table("thresholds");
    for (int code = 0; code < thresholds.length; code++) {
      assertEquals(code, Nf4.nearest(thresholds[code]));
      assertEquals(code + 1, Nf4.nearest(Math.nextUp(thresholds[code])));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void quantizer_numbersOfAFixture_areBitEqualToBitsandbytes(Nf4Case given) {
    Nf4Weight weight = quantizer(given, 1000).finish();
    assertArrayEquals(given.packed(), bytes(weight.packed()));
    assertArrayEquals(given.scales(), bytes(((Nf4Scales.Plain) weight.scales()).values()));
    assertArrayEquals(given.dequantized(), bytes(weight.dequantized(ARENA).data()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void doubled_scalesOfAFixture_areBitEqualToBitsandbytes(Nf4Case given) {
    Nf4Weight weight = quantizer(given, 1000).finishDoubled();
    Nf4Scales.Doubled scales = (Nf4Scales.Doubled) weight.scales();
    assertEquals(given.offset(), scales.offset());
    assertArrayEquals(given.scaleCodes(), bytes(scales.codes()));
    assertArrayEquals(given.scaleLargest(), bytes(scales.largest()));
    assertArrayEquals(given.dequantizedDoubled(), bytes(weight.dequantized(ARENA).data()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 333})
  void quantizer_piecesOfAnyLength_areTheSame(int length) {
    for (Nf4Case given : cases()) {
      assertArrayEquals(given.packed(), bytes(quantizer(given, length).finish().packed()));
    }
  }

  @Test
  void dequantized_quantisedOnceMore_hasTheSameCodes() {
    for (Nf4Case given : cases()) {
      Nf4Weight weight = quantizer(given, 1000).finishDoubled();
      MemorySegment numbers = ARENA.allocate(weight.size() * Float.BYTES);
      weight.dequantize(ElementType.F32, 0, weight.scales().size(), numbers);
      Nf4Quantizer again = new Nf4Quantizer("w", ElementType.F32, given.shape(), ARENA);
      again.add(numbers.toArray(LittleEndian.FLOAT), (int) weight.size());
      assertArrayEquals(given.packed(), bytes(again.finish().packed()));
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void quantizer_noNumber_isRefusedByName(float number) {
    Nf4Quantizer quantizer = new Nf4Quantizer("layer.weight", ElementType.F32, List.of(2), ARENA);
    NunchiException e =
        assertThrows(NunchiException.class, () -> quantizer.add(new float[] {1, number}, 2));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().startsWith("tensor layer.weight holds " + number), e.getMessage());
  }

  @Test
  void quantizer_moreOrFewerNumbersThanItsShape_isRefused() {
    Nf4Quantizer quantizer = new Nf4Quantizer("w", ElementType.F32, List.of(2, 2), ARENA);
    assertThrows(IllegalStateException.class, quantizer::finish);
    assertThrows(IllegalArgumentException.class, () -> quantizer.add(new float[5], 5));
  }

  @Test
  void quantizer_noNumbers_isEmpty() {
    Nf4Weight weight =
        new Nf4Quantizer("w", ElementType.BF16, List.of(0, 3), ARENA).finishDoubled();
    assertEquals(0, weight.dequantized(ARENA).data().byteSize());
  }

  @Test
  void dynamicMaps_all_areThoseOfBitsandbytes() {
    assertArrayEquals(Nf4Case.table("signed"), values(DynamicMap.SIGNED));
    assertArrayEquals(Nf4Case.table("unsigned"), values(DynamicMap.UNSIGNED));
  }

  @Test
  void dynamicMapNearest_anyNumber_isTheNearestOfAll() {
    for (DynamicMap map : List.of(DynamicMap.SIGNED, DynamicMap.UNSIGNED)) {
      float[] values = values(map);
      for (int i = 0; i + 1 < values.length; i++) {
        float middle = (values[i] + values[i + 1]) / 2;
        assertEquals(i, map.nearest(values[i]));
        assertEquals(i, map.nearest(middle));
        assertEquals(i + 1, map.nearest(Math.nextUp(middle)));
      }
      assertEquals(255, map.nearest(1));
      assertEquals(255, map.nearest(Float.POSITIVE_INFINITY));
      assertEquals(0, map.nearest(-1));
      assertEquals(0, map.value(map.zero()));
    }
  }

  private static float[] values(DynamicMap map) {
    float[] values = new float[256];
    for (int code = 0; code < values.length; code++) {
      values[code] = map.value(code);
    }
    return values;
  }

  private static Nf4Quantizer quantizer(Nf4Case given, int piece) {
    Nf4Quantizer quantizer = new Nf4Quantizer("w", given.type(), given.shape(), ARENA);
    float[] numbers = given.numbers();
    for (int first = 0; first < numbers.length; first += piece) {
      int count = Math.min(piece, numbers.length - first);
      quantizer.add(Arrays.copyOfRange(numbers, first, first + count), count);
    }
    return quantizer;
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }
}
