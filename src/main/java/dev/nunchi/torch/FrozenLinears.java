package dev.nunchi.torch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// Products with weights that do not learn, `y = x·Wᵀ`, whose gradient `dx = dy·W` needs the weight
/// again: it is given in full for the one product and once more for the other, and in between
/// nobody holds it so. All weights in full lie in the same room, one after the other: were they
/// allocated and freed, glibc's heap would grow by each of them, since it finds no place of the
/// same size between what lives on.
///
/// One thread.
final class FrozenLinears implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final OwnGradients gradients;
  private Arena arena = Arena.ofShared();
  private MemorySegment room = MemorySegment.NULL;

  FrozenLinears(OwnGradients gradients) {
    this.gradients = gradients;
  }

  /// `x·Wᵀ + b` in the type of `x`.
  ///
  /// @param x `[…, in]`
  /// @param weight `[out, in]`
  /// @param bias `[out]` in the type of `x`, which does not learn either; null for none
  Tensor linear(Tensor x, FrozenMatrix weight, @Nullable Tensor bias) {
    long[] shape = x.sizes().vec().get();
    shape[shape.length - 1] = weight.outputs();
    Tensor y = product(x, weight, bias);
    if (GradMode.is_enabled() && x.requires_grad()) {
      gradients.tie(x, y, dy -> MatrixProducts.linear(dy, dense(weight, dy).t(), null));
    }
    return y.view(shape);
  }

  /// `[rows, out]`: of one axis for all others, so that it is no view, which could not be tied to
  /// the graph in place.
  private Tensor product(Tensor x, FrozenMatrix weight, @Nullable Tensor bias) {
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor rows = x.reshape(-1, x.size(-1));
      Tensor y = MatrixProducts.linear(rows, dense(weight, x), bias);
      outer.attach(y);
      return y;
    }
  }

  private Tensor dense(FrozenMatrix weight, Tensor like) {
    return dense(weight, like.scalar_type().intern());
  }

  /// The weight in full, until the next one is asked for.
  Tensor dense(FrozenMatrix weight, ScalarType type) {
    long bytes = weight.room(type);
    if (room.byteSize() < bytes) {
      arena.close();
      arena = Arena.ofShared();
      room = arena.allocate(bytes, ALIGNMENT);
    }
    return weight.dense(type, room);
  }

  @Override
  public void close() {
    arena.close();
  }
}
