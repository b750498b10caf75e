package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The gradients that a network's weights have gathered.
///
/// Those of a table whose rows a batch seldom touches are sparse: rows and their numbers.
final class Gradients {
  private final List<Tensor> weights;

  Gradients(ParameterStore parameters) {
    weights = parameters.parameters().stream().map(Parameter::name).map(parameters::get).toList();
  }

  /// Scales them down together where their joint L2 norm is over `maxNorm`.
  ///
  /// @param maxNorm 0 for no limit
  /// @return the norm before
  double clip(double maxNorm) {
    TensorVector vector = new TensorVector();
    for (Tensor weight : weights) {
      coalesce(weight);
      vector.push_back(weight);
    }
    return torch.clip_grad_norm_(vector, maxNorm == 0 ? Float.MAX_VALUE : maxNorm);
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

  static void makeDense(Tensor weight) {
    Tensor gradient = weight.mutable_grad();
    if (gradient.is_sparse()) {
      gradient.put(gradient.to_dense());
    }
  }
}
