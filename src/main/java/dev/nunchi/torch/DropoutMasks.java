package dev.nunchi.torch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The random masks of dropout (Srivastava et al., 2014,
/// <https://jmlr.org/papers/v15/srivastava14a.html>), in place of libtorch's generator, which draws
/// them one after the other on one thread and takes up to a third of a step in bf16.
///
/// A mask is a function of the seed and of its own number alone: its bits are the outputs of
/// SplitMix64 (Steele et al., 2014, <https://doi.org/10.1145/2714064.2660195>) for a key of both.
/// So the masks are the same with any number of threads and on every device, and the count of those
/// drawn is all the state there is. Probabilities are rounded to 1/32768.
///
/// One thread.
final class DropoutMasks {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final long FIRST_FACTOR = 0xBF58476D1CE4E5B9L;
  private static final long SECOND_FACTOR = 0x94D049BB133111EBL;
  private static final int LANES = 4;
  private static final long LANE_ONES = 0x0001_0001_0001_0001L;
  private static final long LANE_BITS = 0x7FFF_7FFF_7FFF_7FFFL;
  private static final int RESOLUTION = 1 << 15;

  /// Numbers of four values that are drawn at a time.
  private static final int CHUNK = 1024;

  private static final long[] STATES = new long[CHUNK];

  static {
    for (int i = 0; i < CHUNK; i++) {
      STATES[i] = (i + 1) * GOLDEN_GAMMA;
    }
  }

  private final long[] keeps = new long[CHUNK];

  private final long seed;
  private long drawn;

  DropoutMasks(long seed) {
    this.seed = seed;
  }

  /// The number of masks drawn so far.
  long drawn() {
    return drawn;
  }

  /// Goes on as after `drawn` masks.
  void restore(long drawn) {
    this.drawn = drawn;
  }

  /// A tensor of the shape and type of `x`, fp32 or bf16: 0 with this probability, else what keeps
  /// the expected value of the product at `x`.
  Tensor next(Tensor x, double probability) {
    if (!x.is_cpu()) {
      return nextInPlaceOf(x, probability);
    }
    long key = nextKey();
    Tensor mask = torch.empty_like(x);
    long size = mask.numel();
    int drop = (int) Math.round(probability * RESOLUTION);
    float scale = (float) RESOLUTION / (RESOLUTION - drop);
    boolean half = mask.scalar_type().intern() == ScalarType.BFloat16;
    MemorySegment memory =
        MemorySegment.ofAddress(mask.data_ptr().address())
            .reinterpret(size * (half ? Short.BYTES : Float.BYTES));
    long whole = size / LANES;
    long kept = half ? bf16(scale) : Float.floatToRawIntBits(scale);
    // One more, of which the tail is a part.
    for (long first = 0; first <= whole; first += CHUNK) {
      int count = (int) Math.min(CHUNK, whole - first);
      fillKeeps(key + first * GOLDEN_GAMMA, RESOLUTION - drop);
      if (count < CHUNK) {
        fillTail(memory, (first + count) * LANES, size, keeps[count], kept, half);
      }
      if (half) {
        fillHalves(memory, first, count, kept);
      } else {
        fillFloats(memory, first, count, kept);
      }
    }
    return mask;
  }

  private long nextKey() {
    return mix(mix(seed) + ++drawn * GOLDEN_GAMMA);
  }

  /// The same in libtorch's operations, on the device of `x`, which the host cannot write to.
  Tensor nextInPlaceOf(Tensor x, double probability) {
    long key = nextKey();
    int drop = (int) Math.round(probability * RESOLUTION);
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope()) {
      TensorOptions whole = Placement.optionsBeside(x, ScalarType.Long);
      long longs = (x.numel() + LANES - 1) / LANES;
      Tensor states =
          torch.arange(new Scalar(1L), new Scalar(longs + 1), whole).mul(new Scalar(GOLDEN_GAMMA));
      Tensor keeps =
          mix(states.add(new Scalar(key)))
              .bitwise_and(new Scalar(LANE_BITS))
              .add(new Scalar(LANE_ONES * (RESOLUTION - drop)))
              .__rshift__(new Scalar(15L))
              .bitwise_and(new Scalar(LANE_ONES));
      // In the order of the memory that the host writes to.
      Tensor same = torch.empty_like(x);
      Tensor mask =
          keeps
              .view(ScalarType.Short)
              .to(x.scalar_type())
              .mul(new Scalar((double) RESOLUTION / (RESOLUTION - drop)))
              .as_strided(same.sizes(), same.strides());
      outer.attach(mask);
      return mask;
    }
  }

  /// Four lanes of 16 bits in each number of the chunk, each 1 where a value is kept and 0 where it
  /// is dropped.
  ///
  /// In loops so small that the compiler makes vectors of them: one loop of it all took ten times
  /// as long.
  ///
  /// @param start the state before the first number
  /// @param most of the 15 random bits' values, how many are kept
  private void fillKeeps(long start, long most) {
    long[] lanes = keeps;
    for (int i = 0; i < lanes.length; i++) {
      long z = start + STATES[i];
      lanes[i] = (z ^ (z >>> 30)) * FIRST_FACTOR;
    }
    for (int i = 0; i < lanes.length; i++) {
      long z = lanes[i];
      lanes[i] = (z ^ (z >>> 27)) * SECOND_FACTOR;
    }
    // A lane keeps its value where its 15 random bits are not under the threshold: the sum then
    // carries into the lane's highest bit.
    long threshold = LANE_ONES * most;
    for (int i = 0; i < lanes.length; i++) {
      long z = lanes[i];
      z ^= z >>> 31;
      lanes[i] = ((z & LANE_BITS) + threshold) >>> 15 & LANE_ONES;
    }
  }

  /// @param first number of four values each
  private void fillHalves(MemorySegment memory, long first, int count, long kept) {
    long[] lanes = keeps;
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] *= kept;
    }
    MemorySegment.copy(
        lanes, 0, memory, ValueLayout.JAVA_LONG_UNALIGNED, first * Long.BYTES, count);
  }

  /// @param first number of four values each
  private void fillFloats(MemorySegment memory, long first, int count, long kept) {
    for (int i = 0; i < count; i++) {
      long at = 2 * (first + i);
      memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, at, firstPair(keeps[i]) * kept);
      memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, at + 1, secondPair(keeps[i]) * kept);
    }
  }

  /// The values from `from` on, fewer than a number has lanes.
  private static void fillTail(
      MemorySegment memory, long from, long size, long keeps, long kept, boolean half) {
    long lanes = keeps;
    for (long i = from; i < size; i++) {
      long value = kept * (lanes & 1);
      if (half) {
        memory.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) value);
      } else {
        memory.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, (int) value);
      }
      lanes >>>= 16;
    }
  }

  /// The first two lanes, 32 bits apart.
  private static long firstPair(long keeps) {
    return (keeps & 1) | (keeps & 0x1_0000L) << 16;
  }

  /// The last two lanes, 32 bits apart.
  private static long secondPair(long keeps) {
    return firstPair(keeps >>> 32);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * FIRST_FACTOR;
    z = (z ^ (z >>> 27)) * SECOND_FACTOR;
    return z ^ (z >>> 31);
  }

  private static Tensor mix(Tensor z) {
    Tensor once = z.bitwise_xor(shifted(z, 30)).mul(new Scalar(FIRST_FACTOR));
    Tensor twice = once.bitwise_xor(shifted(once, 27)).mul(new Scalar(SECOND_FACTOR));
    return twice.bitwise_xor(shifted(twice, 31));
  }

  /// `z >>> places`, of which libtorch has only the one that keeps the sign.
  private static Tensor shifted(Tensor z, long places) {
    return z.__rshift__(new Scalar(places)).bitwise_and(new Scalar(-1L >>> places));
  }

  /// Rounded to the nearest even, as libtorch rounds.
  private static long bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16;
  }
}
