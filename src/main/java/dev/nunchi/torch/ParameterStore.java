package dev.nunchi.torch;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
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
      tensors.forEach(
          (name, tensor) -> tensor.copy_(view(Objects.requireNonNull(weights.get(name), name))));
    }
  }

  /// A copy of all parameters in fp32, in memory that `arena` owns.
  SequencedMap<String, Weight> copy(Arena arena) {
    SequencedMap<String, Weight> copies = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      Tensor tensor = get(parameter.name());
      MemorySegment source =
          MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
      MemorySegment copy = arena.allocate(source.byteSize(), Float.BYTES);
      copy.copyFrom(source);
      copies.put(
          parameter.name(), new Weight(ElementType.F32, parameter.shape(), copy.asReadOnly()));
    }
    return copies;
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
    tensors.clear();
  }

  private static Tensor copyOf(Weight weight) {
    return view(weight).to(ScalarType.Float).clone();
  }

  private static Tensor view(Weight weight) {
    ScalarType type =
        switch (weight.type()) {
          case F32 -> ScalarType.Float;
          case F16 -> ScalarType.Half;
          case BF16 -> ScalarType.BFloat16;
          case F64 -> ScalarType.Double;
          case I64, I32, I16, I8, U8, BOOL ->
              throw new IllegalArgumentException("No parameter is stored as " + weight.type());
        };
    long[] shape = weight.shape().stream().mapToLong(Integer::longValue).toArray();
    return torch.from_blob(new SegmentPointer(weight.data()), shape, new TensorOptions(type));
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

  /// The address of a segment as the binding wants it; the segment keeps the memory.
  private static final class SegmentPointer extends Pointer {
    SegmentPointer(MemorySegment segment) {
      address = segment.address();
      limit = segment.byteSize();
      capacity = segment.byteSize();
    }
  }
}
