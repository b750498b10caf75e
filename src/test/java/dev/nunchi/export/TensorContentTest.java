package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.model.Digests;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorContentTest {
  @TempDir Path directory;

  @Test
  void integerColumns_columnsOfTheirOwnRange_haveStepsOfTheirOwn() throws IOException {
    // The greatest of each column is beyond the reach of its steps, and cut.
    float[] numbers = {10, -0.1f, 4, 0.041f, -8, 0, 0.05f, 0.08f};
    WeightSource source = source(List.of(4, 2), numbers);
    assertArrayEquals(
        new byte[] {127, -127, 64, 65, -127, 0, 1, 127},
        written(new TensorContent.IntegerColumns(source)).array());
    ByteBuffer steps = written(new TensorContent.ColumnSteps(source));
    assertEquals(8.0 / 127, steps.getFloat(0), 1e-6);
    assertEquals(0.08 / 127, steps.getFloat(4), 1e-8);
  }

  @Test
  void integerColumns_columnOfZeros_isZeros() throws IOException {
    WeightSource source = source(List.of(2, 1), new float[2]);
    assertArrayEquals(new byte[2], written(new TensorContent.IntegerColumns(source)).array());
  }

  @Test
  void integerRows_rowsOfTheirOwnRange_haveStepsOfTheirOwn() throws IOException {
    WeightSource source = source(List.of(3, 2), 1.27f, -0.5f, 0, 0, -254, 3);
    assertArrayEquals(
        new byte[] {127, -50, 0, 0, -127, 2},
        written(new TensorContent.IntegerRows(source)).array());
    ByteBuffer steps = written(new TensorContent.RowSteps(source));
    assertEquals(0.01f, steps.getFloat(0));
    assertEquals(1, steps.getFloat(4));
    assertEquals(2, steps.getFloat(8));
  }

  @Test
  void integerBlocks_oddWidth_areWithinHalfAStepAndPaddedWithZeros() throws IOException {
    Random random = new Random(1);
    int width = 37;
    float[] numbers = new float[3 * width];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i < width ? 0 : (float) random.nextGaussian();
    }
    WeightSource source = source(List.of(3, width), numbers);
    for (int bits : new int[] {4, 8}) {
      BlockRounding rounding = new BlockRounding(bits, 16);
      TensorContent blocks = new TensorContent.IntegerBlocks(source, rounding);
      assertEquals(List.of(3L, 3L, (long) 2 * bits), blocks.shape());
      byte[] packed = written(blocks).array();
      ByteBuffer steps = written(new TensorContent.BlockSteps(source, rounding));
      byte[] zeros =
          rounding.hasZeros()
              ? written(new TensorContent.BlockZeros(source, rounding)).array()
              : new byte[0];
      for (int i = 0; i < 3 * 48; i++) {
        int place = i % 48;
        int block = place / 16;
        int zero = bits == 8 ? 128 : (zeros[i / 48 * 2 + block / 2] >>> (block % 2 * 4)) & 0xf;
        int number = bits == 8 ? packed[i] & 0xff : (packed[i / 2] >>> (i % 2 * 4)) & 0xf;
        float step = steps.getFloat(4 * (i / 16));
        float expected = place < width ? numbers[i / 48 * width + place] : 0;
        // A zero that is rounded moves the ends by up to half a step.
        assertEquals(expected, step * (number - zero), 1.001f * step, bits + " " + i);
      }
    }
  }

  @Test
  void floats_ofEachType_areTheNearestOfTheOther() throws IOException {
    WeightSource source = source(List.of(1, 4), 1.00390625f, -70000, 1.01171875f, 1e-9f);
    ByteBuffer halves = written(new TensorContent.Floats(source, DataType.FLOAT16, false));
    assertEquals(-65504, Float.float16ToFloat(halves.getShort(2)));
    ByteBuffer upper = written(new TensorContent.Floats(source, DataType.BFLOAT16, true));
    // Ties, to the even one below and above.
    assertEquals(0x3f80, upper.getShort(0));
    assertEquals(0x3f82, upper.getShort(4));
    assertEquals(-70144, Float.intBitsToFloat(upper.getShort(2) << 16));
  }

  private static WeightSource source(List<Integer> shape, float... numbers) {
    Weight weight = new Weight(ElementType.F32, shape, MemorySegment.ofArray(numbers));
    return new WeightSource(Weights.of(Map.of("w", weight), "a test"), "w");
  }

  private ByteBuffer written(TensorContent content) throws IOException {
    Path path = directory.resolve("content");
    try (HashedFile file = HashedFile.create(path)) {
      content.write(file);
      String digest = file.finish();
      assertEquals(Digests.sha256(path), digest);
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(content.bytes(), bytes.capacity());
    Files.delete(path);
    return bytes;
  }
}
