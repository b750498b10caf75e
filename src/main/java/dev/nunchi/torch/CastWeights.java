package dev.nunchi.torch;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The parameters of a network in the type that its layers compute in, each cast once for all
/// batches of a step. Owns the casts, through which gradients flow to the fp32 parameters.
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
    Tensor cast = parameters.get(name).to(type);
    cast.retainReference();
    return cast;
  }

  /// Forgets the casts; to be called whenever the parameters have changed.
  void clear() {
    casts.values().forEach(Tensor::close);
    casts.clear();
  }

  @Override
  public void close() {
    clear();
  }
}
