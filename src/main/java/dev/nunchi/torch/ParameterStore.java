package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The fp32 parameters of one network by name: the leaves that gradients gather in. Owns their
/// memory.
final class ParameterStore implements AutoCloseable {
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final List<Parameter> parameters;

  /// Takes each parameter from `weights` where it has one of that name and shape, and gives the
  /// others their initial value.
  ///
  /// @param standardDeviation of the initial normal values, `initializer_range`
  ParameterStore(List<Parameter> parameters, Weights weights, double standardDeviation) {
    this.parameters = List.copyOf(parameters);
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Parameter parameter : parameters) {
        Tensor tensor =
            weights.names().contains(parameter.name())
                ? copyOf(weights.get(parameter.name()))
                : initial(parameter, standardDeviation);
        tensor.retainReference();
        tensors.put(parameter.name(), tensor);
      }
    }
    tensors.values().forEach(tensor -> tensor.set_requires_grad(true));
  }

  Tensor get(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalStateException("The network has no parameter " + name);
    }
    return tensor;
  }

  List<Parameter> parameters() {
    return parameters;
  }

  /// Writes `weights` over all parameters, in place.
  void restore(Map<String, Weight> weights) {
    try (NoGradGuard guard = new NoGradGuard()) {
      tensors.forEach((name, tensor) ->
          tensor.copy_(TensorMemory.view(Objects.requireNonNull(weights.get(name), name))));
    }
  }

  /// A copy of all parameters in fp32, in memory that `arena` owns.
  SequencedMap<String, Weight> copy(Arena arena) {
    SequencedMap<String, Weight> copies = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      copies.put(
          parameter.name(), TensorMemory.copy(get(parameter.name()), parameter.shape(), arena));
    }
    return copies;
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
    tensors.clear();
  }

  private static Tensor copyOf(Weight weight) {
    return TensorMemory.view(weight).to(ScalarType.Float).clone();
  }

  private static Tensor initial(Parameter parameter, double standardDeviation) {
    long[] shape = parameter.shape().stream().mapToLong(Integer::longValue).toArray();
    return switch (parameter.initial()) {
      case ZEROS -> torch.zeros(shape);
      case ONES -> torch.ones(shape);
      case NORMAL -> {
        Tensor table = torch.empty(shape).normal_(0, standardDeviation, new GeneratorOptional());
        if (parameter.zeroRow() >= 0) {
          table.select(0, parameter.zeroRow()).zero_();
        }
        yield table;
      }
    };
  }
}
