package dev.nunchi.torch;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Weight;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A weight that does not learn, held in as few bytes as it is stored in, and given in full for
/// each use. Safe for several threads until [#close].
sealed interface FrozenMatrix extends AutoCloseable {
  /// `out` of the weight's shape `[out, in]`.
  long outputs();

  /// Bytes of room that [#dense] needs; 0 where it is held as it is asked for.
  long room(ScalarType type);

  /// The weight in full.
  ///
  /// @param type fp32, bf16 or fp16
  /// @param room that the tensor may lie in, at least [#room]; aligned to its elements
  Tensor dense(ScalarType type, MemorySegment room);

  @Override
  void close();

  /// In NF4, 4.127 bits a number; see [dev.nunchi.nn.Nf4].
  ///
  /// @param weight whose owner keeps its memory, the host's
  /// @param placement of the weight in full
  record Quantized(Nf4Weight weight, Placement placement) implements FrozenMatrix {
    /// Numbers that one thread dequantises in one go.
    private static final int TILE = 1 << 20;

    @Override
    public long outputs() {
      return weight.shape().getFirst();
    }

    @Override
    public long room(ScalarType type) {
      return weight.size() * elementType(type).bytes();
    }

    @Override
    public Tensor dense(ScalarType type, MemorySegment room) {
      ElementType as = elementType(type);
      long blocks = weight.scales().size();
      long part = TILE / weight.blockSize();
      LongStream parts = LongStream.range(0, (blocks + part - 1) / part);
      (TorchRuntime.threads() > 1 ? parts.parallel() : parts)
          .forEach(i -> weight.dequantize(as, i * part, Math.min(blocks, (i + 1) * part), room));
      return placement.put(
          TensorMemory.view(new Weight(as, weight.shape(), room.asSlice(0, room(type)))));
    }

    /// The memory is another's.
    @Override
    public void close() {}
  }

  /// In half precision, as most published decoders are stored.
  ///
  /// @param weight which this owns
  record Half(Tensor weight, List<Integer> shape) implements FrozenMatrix {
    @Override
    public long outputs() {
      return shape.getFirst();
    }

    @Override
    public long room(ScalarType type) {
      return isHeldIn(type) || !weight.is_cpu() ? 0 : weight.numel() * elementType(type).bytes();
    }

    private boolean isHeldIn(ScalarType type) {
      return weight.scalar_type().intern() == type;
    }

    @Override
    public Tensor dense(ScalarType type, MemorySegment room) {
      if (isHeldIn(type)) {
        return weight;
      }
      try (NoGradGuard guard = new NoGradGuard()) {
        if (!weight.is_cpu()) {
          return weight.to(type);
        }
        return TensorMemory.view(new Weight(elementType(type), shape, room.asSlice(0, room(type))))
            .copy_(weight);
      }
    }

    @Override
    public void close() {
      weight.close();
    }
  }

  private static ElementType elementType(ScalarType type) {
    return switch (type) {
      case Float -> ElementType.F32;
      case BFloat16 -> ElementType.BF16;
      case Half -> ElementType.F16;
      default -> throw new IllegalArgumentException("No layer computes in " + type);
    };
  }
}
