package dev.nunchi.nn;

/// 4-bit NormalFloat (Dettmers et al., 2023, QLoRA, <https://arxiv.org/abs/2305.14314>): sixteen
/// values that split a normal distribution into parts of equal weight, scaled to [-1, 1] and with
/// an exact 0.
///
/// A matrix is cut, row after row, into blocks of 64 numbers that may straddle rows. Each block
/// keeps its largest magnitude, and of each number `x` the code whose value is nearest to `x /
/// largest`. Codes are packed two to a byte, the first in the high half. Bit for bit the numbers of
/// bitsandbytes: see [Nf4Weight], [Nf4Quantizer].
public final class Nf4 {
  /// Numbers in a block, unless a checkpoint says otherwise.
  public static final int BLOCK_SIZE = 64;

  private static final float[] VALUES = {
    -1,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1
  };

  /// Half-way between the values: what lies over one has the next code. The kernels for GPUs have
  /// them as decimal numbers, of which some are the next float.
  private static final float[] THRESHOLDS = new float[VALUES.length - 1];

  static {
    for (int code = 0; code < THRESHOLDS.length; code++) {
      THRESHOLDS[code] = (VALUES[code] + VALUES[code + 1]) / 2;
    }
  }

  private Nf4() {}

  /// The value of a code.
  ///
  /// @param code in [0, 15]
  public static float value(int code) {
    return VALUES[code];
  }

  /// The number of codes.
  public static int codes() {
    return VALUES.length;
  }

  /// Bytes that a matrix of so many numbers takes, its scales in 8 bits.
  public static long bytes(long size) {
    long scales = (size + BLOCK_SIZE - 1) / BLOCK_SIZE;
    long offsets = (scales + Nf4Scales.Doubled.GROUP_SIZE - 1) / Nf4Scales.Doubled.GROUP_SIZE;
    return (size + 1) / 2 + scales + offsets * Float.BYTES;
  }

  /// The code of a number in [-1, 1].
  static int nearest(float x) {
    int code = x > THRESHOLDS[7] ? 8 : 0;
    code += x > THRESHOLDS[code + 3] ? 4 : 0;
    code += x > THRESHOLDS[code + 1] ? 2 : 0;
    return code + (x > THRESHOLDS[code] ? 1 : 0);
  }
}
