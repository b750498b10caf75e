package dev.nunchi.torch;

import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Parameter;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// The parameters of a network's linear layers in the type that these compute in: each cast once
/// for all batches of a step, and frozen ones once for all steps, but for frozen matrices, which
/// are given in full for each use. Owns the casts, through which gradients flow to the fp32
/// parameters.
///
/// One thread.
final class CastWeights implements AutoCloseable {
  private final ParameterStore parameters;
  private final ScalarType type;
  private final Map<String, Tensor> casts = new HashMap<>();
  private final OwnGradients gradients = new OwnGradients();
  private final DenseLinears dense = new DenseLinears(gradients);
  private final FrozenLinears frozen = new FrozenLinears(gradients);

  CastWeights(ParameterStore parameters, ScalarType type) {
    this.parameters = parameters;
    this.type = type;
  }

  ScalarType type() {
    return type;
  }

  /// `x·Wᵀ + b`.
  ///
  /// @param x in the type that layers compute in
  Tensor linear(Tensor x, Linear layer) {
    @Nullable Tensor bias = layer.bias() ? get(layer.biasName()) : null;
    @Nullable FrozenMatrix matrix = parameters.matrix(layer.weight());
    return matrix == null
        ? dense.linear(x, get(layer.weight()), bias)
        : frozen.linear(x, matrix, bias);
  }

  /// A weight that does not learn in full, in the parameters' type, until the next layer is
  /// applied.
  Tensor dense(String weight) {
    @Nullable FrozenMatrix matrix = parameters.matrix(weight);
    return matrix == null ? parameters.get(weight) : frozen.dense(matrix, parameters.type());
  }

  private Tensor get(String name) {
    return type == parameters.type()
        ? parameters.get(name)
        : casts.computeIfAbsent(name, this::cast);
  }

  private Tensor cast(String name) {
    // With a gradient also where one is made outside of the graph, as all of the step share it.
    try (AutoGradMode graph = new AutoGradMode(true)) {
      Tensor cast = parameters.get(name).to(type);
      cast.retainReference();
      return cast;
    }
  }

  /// To be called after each backward pass.
  ///
  /// @throws RuntimeException what failed on the way back
  void walkedBack() {
    gradients.finish();
  }

  /// Forgets the casts of parameters that are trained; to be called whenever they have changed.
  void clear() {
    for (Parameter parameter : parameters.trained()) {
      @Nullable Tensor cast = casts.remove(parameter.name());
      if (cast != null) {
        cast.close();
      }
    }
  }

  @Override
  public void close() {
    casts.values().forEach(Tensor::close);
    casts.clear();
    gradients.close();
    frozen.close();
  }
}
