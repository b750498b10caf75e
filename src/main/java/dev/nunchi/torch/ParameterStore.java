package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

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
    Set<String> known = weights.names();
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Parameter parameter : parameters) {
        try (PointerScope scope = new PointerScope()) {
          Tensor tensor =
              known.contains(parameter.name())
                  ? copyOf(weights.get(parameter.name()))
                  : initial(parameter, standardDeviation);
          tensor.retainReference();
          tensors.put(parameter.name(), tensor);
        }
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

  /// All parameters in fp32, in their own memory.
  SequencedMap<String, Weight> views() {
    SequencedMap<String, Weight> views = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      views.put(parameter.name(), TensorMemory.view(get(parameter.name()), parameter.shape()));
    }
    return views;
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
    tensors.clear();
  }

  private static Tensor copyOf(Weight weight) {
    Tensor copy = torch.empty(TensorMemory.sizes(weight.shape())).copy_(TensorMemory.view(weight));
    if (weight.data().isMapped()) {
      // The file's pages would stay resident beside the copy.
      weight.data().unload();
    }
    return copy;
  }

  private static Tensor initial(Parameter parameter, double standardDeviation) {
    long[] shape = TensorMemory.sizes(parameter.shape());
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
