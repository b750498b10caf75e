package dev.nunchi.nn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The largest magnitude of each block of a matrix in NF4.
public sealed interface Nf4Scales {
  /// The largest magnitude in block `block`.
  float get(long block);

  /// The number of blocks.
  long size();

  /// As they are, fp32.
  ///
  /// @param values little endian; read only
  record Plain(MemorySegment values) implements Nf4Scales {
    @Override
    public float get(long block) {
      return values.get(LittleEndian.FLOAT, block * Float.BYTES);
    }

    @Override
    public long size() {
      return values.byteSize() / Float.BYTES;
    }
  }

  /// Quantised a second time: `map[code] · largest of 256 + offset`, each product and sum rounded
  /// to fp32.
  ///
  /// @param codes a byte for each block
  /// @param largest fp32, of each `groupSize` codes
  /// @param map of the values of all 256 codes, fp32
  /// @param offset the mean of the scales
  record Doubled(
      MemorySegment codes, MemorySegment largest, MemorySegment map, int groupSize, float offset)
      implements Nf4Scales {
    /// Scales that share one magnitude.
    public static final int GROUP_SIZE = 256;

    @Override
    public float get(long block) {
      int code = codes.get(ValueLayout.JAVA_BYTE, block) & 0xFF;
      float unit = largest.get(LittleEndian.FLOAT, block / groupSize * Float.BYTES);
      return map.get(LittleEndian.FLOAT, (long) code * Float.BYTES) * unit + offset;
    }

    @Override
    public long size() {
      return codes.byteSize();
    }
  }

  /// These scales quantised a second time.
  ///
  /// The mean is the exact one, rounded once. That of PyTorch sums fp32 in an order that depends on
  /// the processor, so its last bit may differ.
  ///
  /// @param arena that the quantised scales live in
  default Doubled doubled(Arena arena) {
    long blocks = size();
    double sum = 0;
    for (long block = 0; block < blocks; block++) {
      sum += get(block);
    }
    float offset = blocks == 0 ? 0 : (float) (sum / blocks);
    int groupSize = Doubled.GROUP_SIZE;
    MemorySegment codes = arena.allocate(blocks);
    MemorySegment largest =
        arena.allocate((blocks + groupSize - 1) / groupSize * Float.BYTES, Float.BYTES);
    for (long first = 0; first < blocks; first += groupSize) {
      long end = Math.min(blocks, first + groupSize);
      float most = 0;
      for (long block = first; block < end; block++) {
        most = Math.max(most, Math.abs(get(block) - offset));
      }
      largest.set(LittleEndian.FLOAT, first / groupSize * Float.BYTES, most);
      float unit = Nf4Quantizer.reciprocal(most);
      for (long block = first; block < end; block++) {
        // Any code stands for 0 where all are; bitsandbytes writes the first.
        int code = most == 0 ? 0 : DynamicMap.SIGNED.nearest((get(block) - offset) * unit);
        codes.set(ValueLayout.JAVA_BYTE, block, (byte) code);
      }
    }
    return new Doubled(codes, largest, DynamicMap.SIGNED.bytes(), groupSize, offset);
  }
}
