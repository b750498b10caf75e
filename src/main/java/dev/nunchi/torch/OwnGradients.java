package dev.nunchi.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// Operations whose gradients are computed here, not by libtorch.
///
/// libtorch lets a Java program write no node of its graph, but lets it see and replace the
/// gradient of a tensor. So the operation is computed outside the graph, and tied to it by nothing:
/// no rows, made of no columns of `x`, are added to `y`. On the way back one hook sees the gradient
/// of `y`, and another puts the gradient of `x` in the place of the zeros that arrive there. The
/// graph keeps neither of them.
///
/// One thread, which has to run the backward pass too. What a hook throws cannot pass through
/// libtorch: it is kept for [#finish].
final class OwnGradients implements AutoCloseable {
  /// The way back of one operation.
  @FunctionalInterface
  interface Backward extends AutoCloseable {
    /// Called once at most, without recording.
    ///
    /// @param outputGradient `[rows, out]`
    /// @return the gradient of the input, of as many numbers as it has
    Tensor gradient(Tensor outputGradient);

    /// Lets go of what was kept for it.
    @Override
    default void close() {}
  }

  private final List<Operation> operations = new ArrayList<>();
  private @Nullable Tensor given;
  private @Nullable RuntimeException failure;

  /// Ties the output of an operation to its input.
  ///
  /// @param x the input, which has a gradient
  /// @param y the output, `[rows, out]`, no view of another tensor; in the graph from now on
  /// @param backward owned from now on
  void tie(Tensor x, Tensor y, Backward backward) {
    Operation operation = new Operation(x.sizes().vec().get(), backward);
    operations.add(operation);
    Tensor input = x.alias();
    input.register_hook(operation.intoInput);
    Tensor noColumns = input.narrow(-1, 0, 0);
    if (y.is_cpu()) {
      // What is added is kept, and a view would keep all of the input.
      Tensor nothing = noColumns.reshape(0, y.size(1)).mul(new Scalar(1.0));
      Tensor noRows = torch.zeros(new long[] {0}, Placement.optionsBeside(y, ScalarType.Long));
      y.index_add_(0, noRows, nothing);
    } else {
      // On a GPU that takes several kernels, and this one that reads and writes little.
      y.add_(noColumns.sum(new long[] {-1}, true, new ScalarTypeOptional()).view(-1, 1));
    }
    y.register_hook(operation.fromOutput);
  }

  /// To be called after each backward pass, of which it forgets what was kept.
  ///
  /// @throws RuntimeException what a hook threw
  void finish() {
    close();
    @Nullable RuntimeException thrown = failure;
    failure = null;
    if (thrown != null) {
      throw thrown;
    }
  }

  @Override
  public void close() {
    operations.forEach(Operation::close);
    operations.clear();
    forgetGiven();
  }

  /// libtorch has taken what the last hook gave as soon as the next one is called.
  private void forgetGiven() {
    if (given != null) {
      given.close();
      given = null;
    }
  }

  /// One operation on its way back.
  private final class Operation {
    private final long[] shape;
    private final FromOutput fromOutput = new FromOutput(this);
    private final IntoInput intoInput = new IntoInput(this);
    private @Nullable Backward backward;
    private @Nullable Tensor gradient;

    /// @param shape of the input
    Operation(long[] shape, Backward backward) {
      this.shape = shape;
      this.backward = backward;
      fromOutput.retainReference();
      intoInput.retainReference();
    }

    void take(TensorBase outputGradient) {
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard();
          @Nullable Backward once = backward) {
        backward = null;
        if (once != null) {
          gradient = once.gradient(new Tensor(outputGradient)).view(shape);
          gradient.retainReference();
        }
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
      if (backward != null) {
        backward.close();
        backward = null;
      }
      if (gradient != null) {
        gradient.close();
        gradient = null;
      }
    }
  }

  private static final class FromOutput extends VoidTensorHook {
    private final Operation operation;

    FromOutput(Operation operation) {
      this.operation = operation;
    }

    @Override
    public void call(TensorBase gradient) {
      operation.take(gradient);
    }
  }

  private static final class IntoInput extends TensorTensorHook {
    private final Operation operation;

    IntoInput(Operation operation) {
      this.operation = operation;
    }

    @Override
    public TensorBase call(TensorBase gradient) {
      return operation.give(gradient);
    }
  }
}
