package dev.nunchi.torch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// Products with weights that do not learn, `y = x·Wᵀ`, whose gradient `dx = dy·W` needs the weight
/// again: it is given in full for the one product and once more for the other, and in between
/// nobody holds it so. All weights in full lie in the same room, one after the other: were they
/// allocated and freed, glibc's heap would grow by each of them, since it finds no place of the
/// same size between what lives on.
///
/// libtorch lets a Java program write no node of its graph, but lets it see and replace the
/// gradient of a tensor. So the product is computed outside the graph, and tied to it by a zero: `y
/// + sum(no columns of x)`. On the way back one hook sees `dy`, and another puts `dy·W` in the
///   place of the zeros that arrive at `x`.
///
/// One thread, which has to run the backward pass too. What a hook throws cannot pass through
/// libtorch: it is kept for [#finish].
final class FrozenLinears implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final List<Product> products = new ArrayList<>();
  private Arena arena = Arena.ofShared();
  private MemorySegment room = MemorySegment.NULL;
  private @Nullable Tensor given;
  private @Nullable RuntimeException failure;

  /// `x·Wᵀ + b` in the type of `x`.
  ///
  /// @param x `[…, in]`
  /// @param weight `[out, in]`
  /// @param bias `[out]` in the type of `x`, which does not learn either; null for none
  Tensor linear(Tensor x, FrozenMatrix weight, @Nullable Tensor bias) {
    long[] inputShape = x.sizes().vec().get();
    long[] shape = inputShape.clone();
    shape[shape.length - 1] = weight.outputs();
    Tensor y = product(x, weight, bias);
    if (!GradMode.is_enabled() || !x.requires_grad()) {
      return y.view(shape);
    }
    Product product = new Product(weight, inputShape);
    products.add(product);
    Tensor input = x.alias();
    input.register_hook(product.intoInput);
    Tensor zero = input.narrow(-1, 0, 0).sum(new long[] {-1}, true, new ScalarTypeOptional());
    Tensor output = y.add_(zero.view(-1, 1));
    output.register_hook(product.fromOutput);
    return output.view(shape);
  }

  /// `[rows, out]`: of one axis for all others, so that it is no view, which could not be tied to
  /// the graph in place.
  private Tensor product(Tensor x, FrozenMatrix weight, @Nullable Tensor bias) {
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor rows = x.reshape(-1, x.size(-1));
      Tensor full = dense(weight, x);
      Tensor y =
          bias == null
              ? torch.linear(rows, full)
              : torch.linear(rows, full, new TensorOptional(bias));
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

  /// To be called after each backward pass, of which it forgets what was kept.
  ///
  /// @throws RuntimeException what a hook threw
  void finish() {
    forget();
    @Nullable RuntimeException thrown = failure;
    failure = null;
    if (thrown != null) {
      throw thrown;
    }
  }

  private void forget() {
    products.forEach(Product::close);
    products.clear();
    forgetGiven();
  }

  @Override
  public void close() {
    forget();
    arena.close();
  }

  /// libtorch has taken what the last hook gave as soon as the next one is called.
  private void forgetGiven() {
    if (given != null) {
      given.close();
      given = null;
    }
  }

  /// One product on its way back.
  private final class Product {
    private final FrozenMatrix weight;
    private final long[] shape;
    private final FromOutput fromOutput = new FromOutput(this);
    private final IntoInput intoInput = new IntoInput(this);
    private @Nullable Tensor gradient;

    /// @param shape of the input
    Product(FrozenMatrix weight, long[] shape) {
      this.weight = weight;
      this.shape = shape;
      fromOutput.retainReference();
      intoInput.retainReference();
    }

    void take(TensorBase outputGradient) {
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor dy = new Tensor(outputGradient);
        gradient = dy.matmul(dense(weight, dy)).view(shape);
        gradient.retainReference();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      }
    }

    TensorBase give(TensorBase zeros) {
      forgetGiven();
      given = gradient;
      gradient = null;
      return given == null ? zeros : given;
    }

    void close() {
      fromOutput.close();
      intoInput.close();
      if (gradient != null) {
        gradient.close();
        gradient = null;
      }
    }
  }

  private static final class FromOutput extends VoidTensorHook {
    private final Product product;

    FromOutput(Product product) {
      this.product = product;
    }

    @Override
    public void call(TensorBase gradient) {
      product.take(gradient);
    }
  }

  private static final class IntoInput extends TensorTensorHook {
    private final Product product;

    IntoInput(Product product) {
      this.product = product;
    }

    @Override
    public TensorBase call(TensorBase gradient) {
      return product.give(gradient);
    }
  }
}
