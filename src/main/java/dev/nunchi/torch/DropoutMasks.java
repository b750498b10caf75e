package dev.nunchi.torch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
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
  private static final int LANES = 4;
  private static final long LANE_ONES = 0x0001_0001_0001_0001L;
  private static final int RESOLUTION = 1 << 15;

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
    // A lane keeps its value where its 15 random bits are not under the threshold: the sum then
    // carries into the lane's highest bit.
    long threshold = LANE_ONES * (RESOLUTION - drop);
    long whole = size / LANES;
    if (half) {
      long kept = bf16(scale);
      for (long i = 0; i < whole; i++) {
        memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, keeps(key, i, threshold) * kept);
      }
      fillTail(memory, whole, keeps(key, whole, threshold) * kept);
    } else {
      long kept = Float.floatToRawIntBits(scale);
      for (long i = 0; i < whole; i++) {
        long keeps = keeps(key, i, threshold);
        memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, 2 * i, firstPair(keeps) * kept);
        memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, 2 * i + 1, secondPair(keeps) * kept);
      }
      long keeps = keeps(key, whole, threshold);
      for (long i = whole * LANES, lane = 0; i < size; i++, lane++) {
        memory.setAtIndex(
            ValueLayout.JAVA_INT_UNALIGNED, i, (int) (kept * (keeps >>> (16 * lane) & 1)));
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
      Tensor index = torch.arange(new Scalar((x.numel() + LANES - 1) / LANES), whole);
      Tensor bits =
          mix(index.add(new Scalar(1L)).mul(new Scalar(GOLDEN_GAMMA)).add(new Scalar(key)));
      Tensor keeps =
          bits.bitwise_and(new Scalar(0x7FFF_7FFF_7FFF_7FFFL))
              .add(new Scalar(LANE_ONES * (RESOLUTION - drop)))
              .__rshift__(new Scalar(15L));
      TensorVector lanes = new TensorVector();
      for (long lane = 0; lane < LANES; lane++) {
        Tensor kept = keeps.__rshift__(new Scalar(16 * lane)).bitwise_and(new Scalar(1L));
        lanes.push_back(kept.to(x.scalar_type()));
      }
      // In the order of the memory that the host writes to.
      Tensor same = torch.empty_like(x);
      Tensor mask =
          torch
              .stack(lanes, 1)
              .mul(new Scalar((double) RESOLUTION / (RESOLUTION - drop)))
              .as_strided(same.sizes(), same.strides());
      outer.attach(mask);
      return mask;
    }
  }

  private static void fillTail(MemorySegment memory, long whole, long lanes) {
    long rest = memory.byteSize() / Short.BYTES - whole * LANES;
    for (long lane = 0; lane < rest; lane++) {
      memory.setAtIndex(
          ValueLayout.JAVA_SHORT_UNALIGNED, whole * LANES + lane, (short) (lanes >>> (16 * lane)));
    }
  }

  /// Four lanes of 16 bits, each 1 where a value is kept and 0 where it is dropped.
  private static long keeps(long key, long index, long threshold) {
    long bits = mix(key + (index + 1) * GOLDEN_GAMMA);
    return ((bits & 0x7FFF_7FFF_7FFF_7FFFL) + threshold) >>> 15 & LANE_ONES;
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
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private static Tensor mix(Tensor z) {
    Tensor once = z.bitwise_xor(shifted(z, 30)).mul(new Scalar(0xBF58476D1CE4E5B9L));
    Tensor twice = once.bitwise_xor(shifted(once, 27)).mul(new Scalar(0x94D049BB133111EBL));
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
