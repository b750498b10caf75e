package dev.nunchi.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Products with weights that are held in full: `y = x·Wᵀ + b`, whose gradients are `dx = dy·W`,
/// `dW = dyᵀ·x`, and for `b` the sum of the rows of `dy`.
final class DenseLinears {
  private final OwnGradients gradients;

  DenseLinears(OwnGradients gradients) {
    this.gradients = gradients;
  }

  /// `x·Wᵀ + b`.
  ///
  /// @param x `[…, in]`
  /// @param weight `[out, in]` in the type of `x`; of fp32 a leaf
  /// @param bias `[out]` in the type of `x`; of fp32 a leaf; null for none
  Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
    if (!MatrixProducts.computesWithoutGradient(x)) {
      return MatrixProducts.linear(x, weight, bias);
    }
    long[] shape = x.sizes().vec().get();
    shape[shape.length - 1] = weight.size(0);
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope()) {
      Tensor rows;
      Tensor y;
      try (NoGradGuard guard = new NoGradGuard()) {
        rows = x.reshape(-1, x.size(-1));
        y = MatrixProducts.linear(rows, weight, bias);
      }
      if (GradMode.is_enabled()) {
        tie(x, rows, y, weight, bias);
      }
      Tensor result = y.view(shape);
      outer.attach(result);
      return result;
    }
  }

  private void tie(Tensor x, Tensor rows, Tensor y, Tensor weight, @Nullable Tensor bias) {
    @Nullable Tensor learner = weight.requires_grad() ? weight : null;
    @Nullable Tensor learningBias = bias != null && bias.requires_grad() ? bias : null;
    boolean goesOn = x.requires_grad();
    if (!goesOn && learner == null && learningBias == null) {
      return;
    }
    gradients.tie(
        goesOn ? x : anchor(rows),
        y,
        new Product(
            (learner == null ? noNumbers(rows) : rows).retainReference(),
            goesOn ? weight : null,
            learner,
            learningBias));
  }

  /// Something to tie what does not depend on a gradient to the graph by.
  private static Tensor anchor(Tensor neighbour) {
    Tensor anchor = noNumbers(neighbour);
    anchor.set_requires_grad(true);
    return anchor;
  }

  private static Tensor noNumbers(Tensor neighbour) {
    return torch.zeros(new long[] {0}, neighbour.options());
  }

  /// One product on its way back. Owns the input.
  ///
  /// @param input `[rows, in]`; no numbers where the weight has no gradient
  /// @param weight null where the input has no gradient
  /// @param learner the weight, null where it has no gradient
  /// @param learningBias null where there is none or it has no gradient
  private record Product(
      Tensor input,
      @Nullable Tensor weight,
      @Nullable Tensor learner,
      @Nullable Tensor learningBias)
      implements OwnGradients.Backward {
    @Override
    public Tensor gradient(Tensor outputGradient) {
      Tensor dy = outputGradient.contiguous();
      if (learner != null) {
        gather(learner, MatrixProducts.linear(dy.t(), input.t(), null));
      }
      if (learningBias != null) {
        gather(learningBias, dy.sum(0));
      }
      return weight == null ? noNumbers(dy) : MatrixProducts.linear(dy, weight.t(), null);
    }

    /// As libtorch does at a leaf.
    private static void gather(Tensor leaf, Tensor gradient) {
      Tensor gathered = leaf.mutable_grad();
      if (gathered.defined()) {
        gathered.add_(gradient);
      } else {
        gathered.put(gradient);
      }
    }

    @Override
    public void close() {
      input.close();
    }
  }
}
