package dev.nunchi.torch;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Nf4;
import dev.nunchi.nn.Nf4Quantizer;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A weight that does not learn, held in NF4 and dequantised for each use; see [Nf4].
///
/// A number takes 4.127 bits. Safe for several threads until [#close].
final class FrozenMatrix implements AutoCloseable {
  /// Numbers that are quantised in one go, and dequantised by one thread in one.
  private static final int TILE = 1 << 20;

  private final Nf4Weight weight;
  private final Arena arena;

  private FrozenMatrix(Nf4Weight weight, Arena arena) {
    this.weight = weight;
    this.arena = arena;
  }

  /// A weight that is stored in NF4 already.
  ///
  /// @param weight whose owner keeps its memory
  static FrozenMatrix of(Nf4Weight weight) {
    return new FrozenMatrix(weight, Arena.ofShared());
  }

  /// Quantises a weight, tile by tile.
  ///
  /// @param name for errors
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where it holds what is no number
  static FrozenMatrix quantized(String name, Weight weight) {
    Arena arena = Arena.ofShared();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Nf4Quantizer quantizer = new Nf4Quantizer(name, weight.type(), weight.shape(), arena);
      Tensor all = TensorMemory.view(weight).view(-1);
      float[] tile = new float[TILE];
      for (long first = 0; first < all.size(0); first += TILE) {
        int count = (int) Math.min(TILE, all.size(0) - first);
        copy(all, first, count, tile);
        quantizer.add(tile, count);
      }
      return new FrozenMatrix(quantizer.finishDoubled(), arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static void copy(Tensor all, long first, int count, float[] tile) {
    try (PointerScope scope = new PointerScope()) {
      Tensor numbers = all.narrow(0, first, count).to(ScalarType.Float);
      new FloatPointer(numbers.data_ptr()).get(tile, 0, count);
    }
  }

  /// Bytes that the weight in full takes.
  long bytes(ScalarType type) {
    return weight.size() * elementType(type).bytes();
  }

  /// The weight in full.
  ///
  /// @param type fp32, bf16 or fp16
  /// @param room that the tensor lies in, at least [#bytes]; aligned to its elements
  Tensor dequantized(ScalarType type, MemorySegment room) {
    ElementType as = elementType(type);
    long blocks = weight.scales().size();
    long part = TILE / weight.blockSize();
    LongStream parts = LongStream.range(0, (blocks + part - 1) / part);
    (TorchRuntime.threads() > 1 ? parts.parallel() : parts)
        .forEach(i -> weight.dequantize(as, i * part, Math.min(blocks, (i + 1) * part), room));
    return TensorMemory.view(new Weight(as, weight.shape(), room.asSlice(0, bytes(type))));
  }

  private static ElementType elementType(ScalarType type) {
    return switch (type) {
      case Float -> ElementType.F32;
      case BFloat16 -> ElementType.BF16;
      case Half -> ElementType.F16;
      default -> throw new IllegalArgumentException("No layer computes in " + type);
    };
  }

  @Override
  public void close() {
    arena.close();
  }
}
