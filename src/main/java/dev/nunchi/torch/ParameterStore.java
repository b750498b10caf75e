package dev.nunchi.torch;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/// The parameters of one network by name: the leaves that gradients gather in. Owns their memory.
///
/// Those that are frozen gather none, and nothing else is kept for them either: no moments, no
/// average. Of what adapters leave as it is, matrices that are stored in half precision or in NF4
/// stay so: one copy of the base, in no more bytes than its file has.
final class ParameterStore implements AutoCloseable {
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, FrozenMatrix> matrices = new HashMap<>();
  private final List<Parameter> parameters;
  private List<Parameter> trained;
  private final Placement placement;
  private final TensorOptions options;

  /// Where parameters are read whenever they are asked for, null where this holds them.
  private final @Nullable Weights stored;

  /// Takes each parameter from `weights` where it has one of that name and shape, and gives the
  /// others their initial value.
  ///
  /// @param placement of all; its type is that of those that are trained, fp32 in networks
  /// @param holding of each
  ParameterStore(
      List<Parameter> parameters,
      Weights weights,
      FreshParameters fresh,
      Placement placement,
      Function<Parameter, Holding> holding) {
    this.parameters = List.copyOf(parameters);
    this.trained = this.parameters;
    this.placement = placement;
    this.options = placement.options().retainReference();
    this.stored = null;
    Set<String> known = weights.names();
    try (PointerScope all = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      FreshParameters.Draws draws = fresh.draws();
      for (Parameter parameter : parameters) {
        try (PointerScope scope = new PointerScope()) {
          if (known.contains(parameter.name())) {
            take(parameter, weights, holding.apply(parameter));
          } else {
            hold(parameter, placement.put(draws.next(parameter, type())));
          }
        }
      }
    }
    freezeAllBut(parameter -> holding.apply(parameter) == Holding.TRAINED);
  }

  /// With the host, and all are trained.
  ParameterStore(
      List<Parameter> parameters, Weights weights, FreshParameters fresh, ScalarType type) {
    this(parameters, weights, fresh, new Placement(DeviceType.CPU, type), _ -> Holding.TRAINED);
  }

  private void take(Parameter parameter, Weights weights, Holding holding) {
    String name = parameter.name();
    Optional<Nf4Weight> quantized =
        holding == Holding.KEPT_MATRIX ? weights.quantized(name) : Optional.empty();
    if (quantized.isPresent()) {
      matrices.put(name, new FrozenMatrix.Quantized(quantized.get(), placement));
      return;
    }
    Weight weight = weights.get(name);
    boolean isHalf = weight.type() == ElementType.BF16 || weight.type() == ElementType.F16;
    if (!isHalf || holding == Holding.TRAINED || parameter.shape().size() < 2) {
      hold(parameter, copyOf(weight, options));
      return;
    }
    Tensor half =
        copyOf(weight, placement.options(TensorMemory.view(weight).scalar_type().intern()));
    if (holding == Holding.KEPT_MATRIX) {
      matrices.put(name, new FrozenMatrix.Half(half.retainReference(), parameter.shape()));
    } else {
      hold(parameter, half);
    }
  }

  private void hold(Parameter parameter, Tensor tensor) {
    tensors.put(parameter.name(), tensor.retainReference());
  }

  /// The weight of a linear layer that adapters leave in the few bytes that it is stored in; null
  /// for any other.
  @Nullable FrozenMatrix matrix(String name) {
    return matrices.get(name);
  }

  private ParameterStore(List<Parameter> parameters, Weights stored) {
    this.parameters = List.copyOf(parameters);
    this.trained = List.of();
    this.placement = new Placement(DeviceType.CPU, ScalarType.Float);
    this.options = placement.options().retainReference();
    this.stored = stored;
  }

  /// Holds no parameter: each is read whenever it is asked for, in fp32 and for the scope that is
  /// open. None of them learns.
  static ParameterStore reading(List<Parameter> parameters, Weights weights) {
    return new ParameterStore(parameters, weights);
  }

  /// Rows of a table, `[…, width]`; no others are read. On a CPU the gradient of a table that has
  /// more rows than are asked for is sparse.
  Tensor rows(String table, Tensor ids, long paddingIndex) {
    if (stored == null) {
      Tensor weight = get(table);
      boolean sparse = placement.isHost() && weight.size(0) > ids.numel();
      return torch.embedding(weight, ids, paddingIndex, false, sparse).to(type());
    }
    try (Arena arena = Arena.ofShared()) {
      Weight weight = stored.get(table, arena);
      Tensor rows =
          torch.embedding(TensorMemory.view(weight), ids, paddingIndex, false, false).to(type());
      weight.unload();
      return rows;
    }
  }

  /// @throws IllegalStateException for a [#matrix] too
  Tensor get(String name) {
    if (stored != null) {
      try (Arena arena = Arena.ofShared()) {
        return copyOf(stored.get(name, arena), options);
      }
    }
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalStateException("The network has no parameter " + name);
    }
    return tensor;
  }

  ScalarType type() {
    return placement.type();
  }

  Placement placement() {
    return placement;
  }

  List<Parameter> parameters() {
    return parameters;
  }

  /// Freezes for good those that `learn` is not true of; before anything is kept for them.
  ///
  /// @param learn true of none that is not held as trained
  final void freezeAllBut(Predicate<Parameter> learn) {
    trained = parameters.stream().filter(learn).toList();
    tensors.values().forEach(tensor -> tensor.set_requires_grad(false));
    trained.forEach(parameter -> get(parameter.name()).set_requires_grad(true));
  }

  /// Those that are not frozen for good.
  List<Parameter> trained() {
    return trained;
  }

  /// Writes `weights` over those that [#views] gives, in place.
  void restore(Map<String, Weight> weights) {
    try (NoGradGuard guard = new NoGradGuard()) {
      views()
          .keySet()
          .forEach(name ->
              get(name).copy_(TensorMemory.view(Objects.requireNonNull(weights.get(name), name))));
    }
  }

  /// The parameters that are held in fp32, in their own memory where that is the host's, else in a
  /// copy.
  SequencedMap<String, Weight> views() {
    SequencedMap<String, Weight> views = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      @Nullable Tensor tensor = tensors.get(parameter.name());
      if (tensor != null && tensor.scalar_type().intern() == type()) {
        views.put(parameter.name(), TensorMemory.view(tensor, parameter.shape()));
      }
    }
    return views;
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
    tensors.clear();
    matrices.values().forEach(FrozenMatrix::close);
    matrices.clear();
    options.close();
  }

  private static Tensor copyOf(Weight weight, TensorOptions options) {
    Tensor copy = empty(weight.shape(), options).copy_(TensorMemory.view(weight));
    // The file's pages would stay resident beside the copy.
    weight.unload();
    return copy;
  }

  private static Tensor empty(List<Integer> shape, TensorOptions options) {
    return torch.empty(TensorMemory.sizes(shape), options, new MemoryFormatOptional());
  }
}
