package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorContentTest {
  @Test
  void integerColumns_columnsOfTheirOwnRange_haveStepsOfTheirOwn() {
    // The greatest of each column is beyond the reach of its steps, and cut.
    float[] numbers = {10, -0.1f, 4, 0.041f, -8, 0, 0.05f, 0.08f};
    Weight weight = new Weight(ElementType.F32, List.of(4, 2), MemorySegment.ofArray(numbers));
    TensorContent.IntegerColumns content = TensorContent.IntegerColumns.of(weight);
    ByteBuffer written = ByteBuffer.allocate(numbers.length);
    for (int i = 0; i < numbers.length; i++) {
      content.put(written, i);
    }
    assertArrayEquals(new byte[] {127, -127, 64, 65, -127, 0, 1, 127}, written.array());
    assertEquals(8.0 / 127, content.steps()[0], 1e-6);
    assertEquals(0.08 / 127, content.steps()[1], 1e-8);
  }

  @Test
  void integerColumns_columnOfZeros_isZeros() {
    Weight weight = new Weight(ElementType.F32, List.of(2, 1), MemorySegment.ofArray(new float[2]));
    TensorContent.IntegerColumns content = TensorContent.IntegerColumns.of(weight);
    ByteBuffer written = ByteBuffer.allocate(1);
    content.put(written, 1);
    assertEquals(0, written.get(0));
  }
}
