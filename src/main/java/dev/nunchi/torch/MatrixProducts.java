package dev.nunchi.torch;

import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// Products of matrices, by the library that is fastest at them.
///
/// libtorch gives those of fp32 to its BLAS library, and has oneDNN for those of half precision,
/// which is faster at both where it has kernels for the processor. It is reached by the operator
/// that fused layers are compiled to, which takes ordinary tensors and has no gradient.
final class MatrixProducts {
  private static final String OPERATOR = "mkldnn::_linear_pointwise";

  /// What libtorch calls the processors that oneDNN writes kernels for.
  private static final Set<String> CAPABLE = Set.of("AVX2", "AVX512");

  private static final boolean HAS_ONE_DNN =
      torch.hasMKLDNN() && CAPABLE.contains(torch.get_cpu_capability().getString());

  private MatrixProducts() {}

  /// Whether [#linear] has no gradient: it is then up to the caller.
  static boolean computesWithoutGradient(Tensor x) {
    return x.scalar_type().intern() == ScalarType.Float
        && x.device().type().intern() == DeviceType.CPU
        && HAS_ONE_DNN;
  }

  /// `x·Wᵀ + b`.
  ///
  /// @param x `[…, in]`
  /// @param weight `[out, in]` in the type of `x`
  /// @param bias `[out]` in the type of `x`, null for none
  /// @return `[…, out]`, of `x` with two axes no view of another tensor
  static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
    if (computesWithoutGradient(x)) {
      return OneDnn.linear(x, weight, bias);
    }
    return bias == null
        ? torch.linear(x, weight)
        : torch.linear(x, weight, new TensorOptional(bias));
  }

  /// What is looked up once, where there is oneDNN.
  private static final class OneDnn {
    private static final OperatorHandle HANDLE =
        Dispatcher.singleton().findSchemaOrThrow(OPERATOR, "").retainReference();

    /// Nothing is computed with what comes out but the sum itself.
    private static final IValue NO_FUNCTION = new IValue("none").retainReference();

    /// An empty list of the type that the operator asks for.
    private static final IValue NO_SCALARS =
        new IValue(
                new GenericList(
                    torch
                        .parseSchema("f(Scalar?[] scalars) -> ()")
                        .arguments()
                        .type()
                        .get()
                        .containedType(0)))
            .retainReference();

    private static final IValue NONE = new IValue().retainReference();

    private OneDnn() {}

    static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
      PointerScope outer = PointerScope.getInnerScope();
      try (PointerScope scope = new PointerScope()) {
        IValueVector stack =
            new IValueVector(
                new IValue(x),
                new IValue(weight),
                bias == null ? NONE : new IValue(bias),
                NO_FUNCTION,
                NO_SCALARS,
                NONE);
        HANDLE.callBoxed(stack);
        Tensor y = new Tensor(stack.get(0).toTensor());
        outer.attach(y);
        return y;
      }
    }
  }
}
