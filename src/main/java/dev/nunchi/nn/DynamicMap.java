package dev.nunchi.nn;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The dynamic 8-bit numbers (Dettmers, 2016, <https://arxiv.org/abs/1511.04561>): 256 values in
/// [-1, 1] or [0, 1], of which each power of ten has twice as many as the one below it, so that
/// small numbers keep a digit and large ones keep two.
///
/// Value for value those that bitsandbytes writes into checkpoints as `nested_quant_map`.
public final class DynamicMap {
  /// Numbers of both signs, as double quantisation and Adam's first moment have them.
  public static final DynamicMap SIGNED = new DynamicMap(values(true));

  /// Numbers of no sign, as Adam's second moment has them.
  public static final DynamicMap UNSIGNED = new DynamicMap(values(false));

  private static final int SIZE = 256;
  private static final int DECADES = 7;

  private final float[] values;

  /// Half-way between each value and the next: what lies over it is nearer to the next.
  private final float[] middles;

  /// The number of values that lie under every float of the same upper 16 bits.
  private final byte[] firstByUpperBits = new byte[1 << Short.SIZE];

  private DynamicMap(float[] values) {
    this.values = values;
    this.middles = new float[SIZE - 1];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = (values[i] + values[i + 1]) / 2;
    }
    for (int upper = 0; upper < firstByUpperBits.length; upper++) {
      int bits = upper << Short.SIZE;
      float least = Float.intBitsToFloat(bits < 0 ? bits | 0xFFFF : bits);
      firstByUpperBits[upper] = (byte) (Float.isNaN(least) ? 0 : search(least));
    }
  }

  private int search(float value) {
    int found = Arrays.binarySearch(middles, value);
    return found < 0 ? -found - 1 : found;
  }

  /// The value of a code.
  ///
  /// @param code in [0, 255]
  public float value(int code) {
    return values[code];
  }

  /// The code of the value that is nearest, the lower one of two that are as near.
  ///
  /// @param value a number
  public int nearest(float value) {
    int code = firstByUpperBits[Float.floatToRawIntBits(value) >>> Short.SIZE] & 0xFF;
    while (code < middles.length && value > middles[code]) {
      code++;
    }
    return code;
  }

  /// The code of 0.
  public int zero() {
    return nearest(0);
  }

  /// The values, as a checkpoint holds them: fp32, little endian.
  public MemorySegment bytes() {
    MemorySegment bytes = MemorySegment.ofArray(new byte[SIZE * Float.BYTES]);
    for (int i = 0; i < SIZE; i++) {
      bytes.set(LittleEndian.FLOAT, (long) i * Float.BYTES, values[i]);
    }
    return bytes;
  }

  private static float[] values(boolean signed) {
    float[] values = new float[SIZE];
    int count = 0;
    for (int decade = 0; decade < DECADES; decade++) {
      float unit = (float) Math.pow(10, decade - DECADES + 1);
      int parts = 1 << (signed ? decade : decade + 1);
      for (int part = 0; part < parts; part++) {
        float middle = (bound(part, parts) + bound(part + 1, parts)) / 2;
        values[count++] = unit * middle;
        if (signed) {
          values[count++] = -unit * middle;
        }
      }
    }
    values[count++] = 0;
    values[count++] = 1;
    Arrays.sort(values);
    return values;
  }

  /// The bound `part` of `parts` equal parts of [0.1, 1], counted from the nearer end and rounded
  /// once, as torch.linspace does.
  private static float bound(int part, int parts) {
    float step = (1 - 0.1f) / parts;
    return part < (parts + 1) / 2 ? Math.fma(step, part, 0.1f) : Math.fma(-step, parts - part, 1f);
  }
}
