package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// The parameters of a network in the type that its layers compute in, each cast once for all
/// batches of a step, and frozen ones once for all steps. Owns the casts, through which gradients
/// flow to the fp32 parameters.
///
/// One thread, unless the type is that of the parameters: then they are the parameters themselves.
final class CastWeights implements AutoCloseable {
  private final ParameterStore parameters;
  private final ScalarType type;
  private final Map<String, Tensor> casts = new HashMap<>();

  CastWeights(ParameterStore parameters, ScalarType type) {
    this.parameters = parameters;
    this.type = type;
  }

  ScalarType type() {
    return type;
  }

  Tensor get(String name) {
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
  }
}
