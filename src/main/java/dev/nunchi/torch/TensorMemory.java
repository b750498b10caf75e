package dev.nunchi.torch;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Between libtorch's tensors and stored weights: both are row-major memory.
final class TensorMemory {
  private static final long ALIGNMENT = 64;

  private TensorMemory() {}

  /// An fp32 tensor as a weight over its memory, which has to outlive it; over a copy where the
  /// tensor is not the host's.
  static Weight view(Tensor tensor, List<Integer> shape) {
    if (!tensor.is_cpu()) {
      return copy(tensor, shape);
    }
    MemorySegment memory =
        MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
    return new Weight(ElementType.F32, shape, memory.asReadOnly());
  }

  private static Weight copy(Tensor tensor, List<Integer> shape) {
    MemorySegment memory = Arena.ofAuto().allocate(tensor.nbytes(), ALIGNMENT);
    Weight copy = new Weight(ElementType.F32, shape, memory);
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      view(copy).copy_(tensor);
    }
    return copy;
  }

  /// The axes of a shape as libtorch wants them.
  static long[] sizes(List<Integer> shape) {
    return shape.stream().mapToLong(Integer::longValue).toArray();
  }

  /// A tensor over the weight's memory, which has to outlive it.
  static Tensor view(Weight weight) {
    ScalarType type =
        switch (weight.type()) {
          case F32 -> ScalarType.Float;
          case F16 -> ScalarType.Half;
          case BF16 -> ScalarType.BFloat16;
          case F64 -> ScalarType.Double;
          case I64, I32, I16, I8, U8, BOOL ->
              throw new IllegalArgumentException("No parameter is stored as " + weight.type());
        };
    return torch.from_blob(
        new SegmentPointer(weight.data()), sizes(weight.shape()), new TensorOptions(type));
  }

  /// The address of a segment as the binding wants it; the segment keeps the memory.
  private static final class SegmentPointer extends Pointer {
    SegmentPointer(MemorySegment segment) {
      address = segment.address();
      limit = segment.byteSize();
      capacity = segment.byteSize();
    }
  }
}
