package dev.nunchi.torch;

import dev.nunchi.nn.DynamicMap;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/// A moment of Adam over one parameter, in blocks of 256 numbers of 8 bits (Dettmers et al., 2022,
/// <https://arxiv.org/abs/2110.02861>): each the value of its code times the largest magnitude of
/// its block.
final class EightBitMoment {
  /// Numbers that share one magnitude.
  static final int BLOCK_SIZE = 256;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private final DynamicMap map;
  private final List<Integer> shape;
  private final MemorySegment codes;
  private final MemorySegment largest;

  /// All zeros.
  ///
  /// @param memory that it lives in
  EightBitMoment(DynamicMap map, List<Integer> shape, long size, SegmentAllocator memory) {
    this.map = map;
    this.shape = shape;
    this.codes = memory.allocate(size);
    this.largest = memory.allocate((size + BLOCK_SIZE - 1) / BLOCK_SIZE * Float.BYTES, Float.BYTES);
    codes.fill((byte) map.zero());
  }

  /// Bytes that a moment of so many numbers takes.
  static long bytes(long size) {
    return size + (size + BLOCK_SIZE - 1) / BLOCK_SIZE * Float.BYTES;
  }

  /// The numbers of a block.
  void read(long block, int count, float[] numbers) {
    float scale = largest.getAtIndex(FLOAT, block);
    for (int i = 0; i < count; i++) {
      int code = codes.get(ValueLayout.JAVA_BYTE, block * BLOCK_SIZE + i) & 0xFF;
      numbers[i] = map.value(code) * scale;
    }
  }

  /// Replaces the numbers of a block by the nearest that can be held.
  void write(long block, int count, float[] numbers) {
    float most = 0;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, Math.abs(numbers[i]));
    }
    largest.setAtIndex(FLOAT, block, most);
    // Magnitudes whose reciprocal is infinite are 0 to any training.
    float unit = 1 / Math.max(most, Float.MIN_NORMAL);
    for (int i = 0; i < count; i++) {
      byte code = (byte) map.nearest(numbers[i] * unit);
      codes.set(ValueLayout.JAVA_BYTE, block * BLOCK_SIZE + i, code);
    }
  }

  /// Adds codes and magnitudes under this name, in their own memory.
  void addTo(Map<String, Weight> state, String name) {
    state.put(name, new Weight(ElementType.U8, shape, codes.asReadOnly()));
    state.put(
        magnitudes(name),
        new Weight(
            ElementType.F32,
            List.of(Math.toIntExact(largest.byteSize() / Float.BYTES)),
            largest.asReadOnly()));
  }

  /// @param state of [#addTo]
  void restore(Weights state, String name) {
    codes.copyFrom(state.get(name).data());
    largest.copyFrom(state.get(magnitudes(name)).data());
  }

  private static String magnitudes(String name) {
    return name + ".absmax";
  }
}
