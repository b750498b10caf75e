package dev.nunchi.nn;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Quantises one matrix to NF4 while it is read: takes its numbers piece by piece, row after row.
///
/// One thread. Holds one block of numbers and what is quantised so far.
public final class Nf4Quantizer {
  /// Magnitudes under this one count as it, so that their reciprocal is a number.
  private static final float LEAST = 1e-38f;

  private final String name;
  private final ElementType type;
  private final List<Integer> shape;
  private final Arena arena;
  private final MemorySegment packed;
  private final MemorySegment scales;
  private final float[] block = new float[Nf4.BLOCK_SIZE];
  private final long size;
  private long taken;

  /// @param name of the matrix, for errors
  /// @param type that it has, and that it is to be given back in
  /// @param arena that the quantised matrix lives in
  public Nf4Quantizer(String name, ElementType type, List<Integer> shape, Arena arena) {
    this.name = name;
    this.type = type;
    this.shape = List.copyOf(shape);
    this.arena = arena;
    this.size = shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    this.packed = arena.allocate((size + 1) / 2);
    this.scales =
        arena.allocate((size + Nf4.BLOCK_SIZE - 1) / Nf4.BLOCK_SIZE * Float.BYTES, Float.BYTES);
  }

  /// Takes the next numbers.
  ///
  /// @throws NunchiException `INVALID_MODEL` where one is infinite or no number
  /// @throws IllegalArgumentException where there are more than the shape has
  public void add(float[] numbers, int count) {
    if (count > size - taken) {
      throw new IllegalArgumentException("More numbers for %s than %s".formatted(name, shape));
    }
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(numbers[i])) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "tensor %s holds %s, which no 4-bit number stands for; the file is damaged, or the training that wrote it diverged or overflowed"
                .formatted(name, numbers[i]));
      }
      block[(int) (taken % block.length)] = numbers[i];
      taken++;
      if (taken % block.length == 0 || taken == size) {
        quantizeBlock((int) ((taken - 1) % block.length) + 1);
      }
    }
  }

  private void quantizeBlock(int length) {
    long first = taken - length;
    float most = 0;
    for (int i = 0; i < length; i++) {
      most = Math.max(most, Math.abs(block[i]));
    }
    scales.set(LittleEndian.FLOAT, first / block.length * Float.BYTES, most);
    float unit = reciprocal(most);
    for (int i = 0; i < length; i += 2) {
      int high = Nf4.nearest(block[i] * unit);
      int low = Nf4.nearest(i + 1 < length ? block[i + 1] * unit : 0);
      packed.set(ValueLayout.JAVA_BYTE, (first + i) / 2, (byte) (high << 4 | low));
    }
  }

  /// What numbers of at most this magnitude are multiplied with.
  static float reciprocal(float largest) {
    return 1 / Math.max(largest, LEAST);
  }

  /// The matrix, with fp32 scales.
  ///
  /// @throws IllegalStateException where numbers are missing
  public Nf4Weight finish() {
    if (taken != size) {
      throw new IllegalStateException(
          "%s has %d numbers, of which %d came".formatted(name, size, taken));
    }
    return new Nf4Weight(type, shape, Nf4.BLOCK_SIZE, packed, new Nf4Scales.Plain(scales));
  }

  /// The matrix, with scales that are quantised themselves.
  ///
  /// @throws IllegalStateException where numbers are missing
  public Nf4Weight finishDoubled() {
    Nf4Weight weight = finish();
    return new Nf4Weight(type, shape, weight.blockSize(), packed, weight.scales().doubled(arena));
  }
}
