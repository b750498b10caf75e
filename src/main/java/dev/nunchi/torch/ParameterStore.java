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
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The parameters of one network by name: the leaves that gradients gather in. Owns their memory.
///
/// Those that are frozen gather none, and nothing else is kept for them either: no moments, no
/// average.
final class ParameterStore implements AutoCloseable {
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final List<Parameter> parameters;
  private List<Parameter> trained;
  private final ScalarType type;
  private final TensorOptions options;

  /// Takes each parameter from `weights` where it has one of that name and shape, and gives the
  /// others their initial value.
  ///
  /// @param standardDeviation of the initial normal values, `initializer_range`
  /// @param type that they are held in, fp32 in networks
  ParameterStore(
      List<Parameter> parameters, Weights weights, double standardDeviation, ScalarType type) {
    this.parameters = List.copyOf(parameters);
    this.trained = this.parameters;
    this.type = type;
    this.options = new TensorOptions(type).retainReference();
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

  ScalarType type() {
    return type;
  }

  List<Parameter> parameters() {
    return parameters;
  }

  /// Freezes for good those that `learn` is not true of; before anything is kept for them.
  void freezeAllBut(Predicate<Parameter> learn) {
    trained = parameters.stream().filter(learn).toList();
    tensors.values().forEach(tensor -> tensor.set_requires_grad(false));
    trained.forEach(parameter -> get(parameter.name()).set_requires_grad(true));
  }

  /// Those that are not frozen for good.
  List<Parameter> trained() {
    return trained;
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
    options.close();
  }

  private Tensor copyOf(Weight weight) {
    Tensor copy = empty(weight.shape()).copy_(TensorMemory.view(weight));
    if (weight.data().isMapped()) {
      // The file's pages would stay resident beside the copy.
      weight.data().unload();
    }
    return copy;
  }

  private Tensor empty(List<Integer> shape) {
    return torch.empty(TensorMemory.sizes(shape), options, new MemoryFormatOptional());
  }

  private Tensor initial(Parameter parameter, double standardDeviation) {
    long[] shape = TensorMemory.sizes(parameter.shape());
    return switch (parameter.initial()) {
      case ZEROS -> torch.zeros(shape, options);
      case ONES -> torch.ones(shape, options);
      case UNIFORM -> {
        double bound = 1 / Math.sqrt(parameter.shape().getLast());
        yield empty(parameter.shape()).uniform_(-bound, bound, new GeneratorOptional());
      }
      case NORMAL -> {
        Tensor table =
            empty(parameter.shape()).normal_(0, standardDeviation, new GeneratorOptional());
        if (parameter.zeroRow() >= 0) {
          table.select(0, parameter.zeroRow()).zero_();
        }
        yield table;
      }
    };
  }
}
