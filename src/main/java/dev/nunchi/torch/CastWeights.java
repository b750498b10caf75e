package dev.nunchi.torch;

import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Parameter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
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
  private final boolean joins;
  private final Map<String, Tensor> joined = new HashMap<>();
  private final FrozenLinears frozen = new FrozenLinears();

  /// @param joins whether layers of the same input are computed as one, for which their weights are
  ///   copied once a step
  CastWeights(ParameterStore parameters, ScalarType type, boolean joins) {
    this.parameters = parameters;
    this.type = type;
    this.joins = joins;
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
    if (matrix != null) {
      return frozen.linear(x, matrix, bias);
    }
    Tensor weight = get(layer.weight());
    return bias == null
        ? torch.linear(x, weight)
        : torch.linear(x, weight, new TensorOptional(bias));
  }

  /// What several layers give of the same `x`: where they are trained as one product, whose
  /// backward pass is one for each side too, in place of as many and their sum.
  ///
  /// @param layers of which all have a bias or none
  List<Tensor> linears(Tensor x, List<Linear> layers) {
    boolean together =
        joins && layers.stream().allMatch(layer -> parameters.get(layer.weight()).requires_grad());
    if (!together) {
      return layers.stream().map(layer -> linear(x, layer)).toList();
    }
    Tensor weight = joined(layers.stream().map(Linear::weight).toList());
    Tensor y =
        layers.getFirst().bias()
            ? torch.linear(
                x,
                weight,
                new TensorOptional(joined(layers.stream().map(Linear::biasName).toList())))
            : torch.linear(x, weight);
    TensorVector parts = y.split_with_sizes(layers.stream().mapToLong(Linear::out).toArray(), -1);
    return LongStream.range(0, parts.size()).mapToObj(parts::get).toList();
  }

  private Tensor joined(List<String> names) {
    return joined.computeIfAbsent(
        names.getFirst(),
        _ -> {
          try (AutoGradMode graph = new AutoGradMode(true)) {
            TensorVector all = new TensorVector();
            names.forEach(name -> all.push_back(get(name)));
            return torch.cat(all, 0).retainReference();
          }
        });
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
    frozen.finish();
  }

  /// Forgets the casts of parameters that are trained; to be called whenever they have changed.
  void clear() {
    joined.values().forEach(Tensor::close);
    joined.clear();
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
    joined.values().forEach(Tensor::close);
    joined.clear();
    frozen.close();
  }
}
