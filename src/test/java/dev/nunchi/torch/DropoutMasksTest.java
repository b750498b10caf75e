package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DropoutMasksTest {
  private static final int SIZE = 1_000_003;

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @ParameterizedTest
  @CsvSource({"FP32,0.1", "FP32,0.5", "BF16,0.1", "BF16,0.3"})
  void next_holdsTheProbabilityAndTheExpectedValue(ComputeType type, double probability) {
    float[] mask = mask(new DropoutMasks(7), type, SIZE, probability);
    long dropped = count(mask, 0);
    double deviation = Math.sqrt(SIZE * probability * (1 - probability));
    assertEquals(SIZE * probability, dropped, 5 * deviation);
    double kept = 1 / (1 - probability);
    for (float value : mask) {
      assertEquals(value == 0 ? 0 : kept, value, kept / 200, "a kept value");
    }
  }

  @Test
  void next_neighboursAndMasks_areUncorrelated() {
    DropoutMasks masks = new DropoutMasks(7);
    float[] first = mask(masks, ComputeType.FP32, SIZE, 0.5);
    float[] second = mask(masks, ComputeType.FP32, SIZE, 0.5);
    for (int lag = 1; lag <= 8; lag++) {
      assertEquals(0.25, bothDropped(first, first, lag), 0.003, "lag " + lag);
    }
    assertEquals(0.25, bothDropped(first, second, 0), 0.003);
    assertFalse(Arrays.equals(first, mask(new DropoutMasks(8), ComputeType.FP32, SIZE, 0.5)));
  }

  @ParameterizedTest
  @EnumSource
  void next_afterRestore_goesOnAsBefore(ComputeType type) {
    DropoutMasks masks = new DropoutMasks(7);
    mask(masks, type, 10, 0.3);
    long drawn = masks.drawn();
    float[] expected = mask(masks, type, 1001, 0.3);
    DropoutMasks resumed = new DropoutMasks(7);
    resumed.restore(drawn);
    assertArrayEquals(expected, mask(resumed, type, 1001, 0.3));
  }

  @ParameterizedTest
  @EnumSource
  void next_anySize_isTheBeginningOfALargerMask(ComputeType type) {
    for (int size = 1; size < 20; size++) {
      float[] mask = mask(new DropoutMasks(7), type, size, 0.5);
      assertArrayEquals(
          Arrays.copyOf(mask(new DropoutMasks(7), type, 64, 0.5), size), mask, "size " + size);
    }
  }

  /// The kernels of a GPU do what those of the CPU do here.
  @ParameterizedTest
  @EnumSource
  void nextInPlaceOf_tensorsOfAnySizeAndOrder_givesTheBitsThatTheHostWrites(ComputeType type) {
    DropoutMasks written = new DropoutMasks(7);
    DropoutMasks computed = new DropoutMasks(7);
    int[] sizes =
        IntStream.concat(IntStream.range(1, 40), IntStream.of(1365, 1366, 4096, 4097)).toArray();
    for (int size : sizes) {
      try (PointerScope scope = new PointerScope()) {
        Tensor x =
            torch
                .zeros(new long[] {size, 3}, new TensorOptions(type.scalarType()))
                .transpose(0, size % 2);
        double probability = size % 41 / 41.0;
        Tensor expected = written.next(x, probability);
        Tensor mask = computed.nextInPlaceOf(x, probability);
        assertTrue(torch.equal(expected, mask), "size " + size);
        assertEquals(type.scalarType(), mask.scalar_type().intern());
      }
    }
    assertEquals(written.drawn(), computed.drawn());
  }

  @Test
  void next_transposedTensor_hasItsShape() {
    try (PointerScope scope = new PointerScope()) {
      Tensor x = torch.zeros(new long[] {3, 5}).transpose(0, 1);
      Tensor mask = new DropoutMasks(new Random(1).nextLong()).next(x, 0.5);
      assertEquals(5, mask.size(0));
      assertEquals(3, mask.size(1));
    }
  }

  private static double bothDropped(float[] a, float[] b, int lag) {
    long both = 0;
    for (int i = 0; i + lag < a.length; i++) {
      if (a[i] == 0 && b[i + lag] == 0) {
        both++;
      }
    }
    return (double) both / (a.length - lag);
  }

  private static long count(float[] mask, float wanted) {
    long count = 0;
    for (float value : mask) {
      if (value == wanted) {
        count++;
      }
    }
    return count;
  }

  private static float[] mask(DropoutMasks masks, ComputeType type, int size, double probability) {
    try (PointerScope scope = new PointerScope()) {
      Tensor x = torch.zeros(new long[] {size}, new TensorOptions(type.scalarType()));
      Tensor mask = masks.next(x, probability).to(ScalarType.Float).contiguous();
      float[] values = new float[size];
      new FloatPointer(mask.data_ptr()).get(values);
      return values;
    }
  }
}
