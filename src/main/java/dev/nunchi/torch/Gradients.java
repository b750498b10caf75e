package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The gradients that a network's weights have gathered.
///
/// Those of a table whose rows a batch seldom touches are sparse: rows and their numbers.
final class Gradients {
  private final List<Tensor> weights;

  Gradients(ParameterStore parameters) {
    weights = parameters.trained().stream().map(Parameter::name).map(parameters::get).toList();
  }

  /// Scales them down together where their joint L2 norm is over `maxNorm`.
  ///
  /// @param maxNorm 0 for no limit
  /// @return the norm before
  double clip(double maxNorm) {
    try (NoGradGuard guard = new NoGradGuard()) {
      List<Tensor> values =
          weights.stream()
              .filter(weight -> weight.mutable_grad().defined())
              .map(Gradients::values)
              .toList();
      TensorVector norms = new TensorVector();
      values.forEach(one -> norms.push_back(norm(one)));
      double norm = torch.stack(norms).norm().item_double();
      if (maxNorm > 0 && norm > maxNorm) {
        // The small number is PyTorch's own, so that both give the same weights.
        Scalar factor = new Scalar(maxNorm / (norm + 1e-6));
        values.forEach(one -> one.mul_(factor));
      }
      return norm;
    }
  }

  /// Of each row before that of all, as libtorch uses one core where one number comes out.
  private static Tensor norm(Tensor x) {
    return (x.dim() < 2 ? x : x.norm(new ScalarOptional(new Scalar(2)), -1)).norm();
  }

  /// All of the gradient that can be other than 0, in the gradient's own memory.
  private static Tensor values(Tensor weight) {
    Tensor gradient = coalesce(weight);
    return gradient.is_sparse() ? gradient._values() : gradient;
  }

  void clear() {
    for (Tensor weight : weights) {
      Tensor gradient = weight.mutable_grad();
      if (gradient.defined()) {
        gradient.reset();
      }
    }
  }

  /// The sparse gradient of `weight` with each row once, in order.
  static Tensor coalesce(Tensor weight) {
    Tensor gradient = weight.mutable_grad();
    if (gradient.defined() && gradient.is_sparse() && !gradient.is_coalesced()) {
      gradient.put(gradient.coalesce());
    }
    return gradient;
  }

  /// Walks back from a tensor that has this gradient.
  static void backward(Tensor x, Tensor gradient) {
    x.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
  }

  static void makeDense(Tensor weight) {
    Tensor gradient = weight.mutable_grad();
    if (gradient.is_sparse()) {
      gradient.put(gradient.to_dense());
    }
  }
}
