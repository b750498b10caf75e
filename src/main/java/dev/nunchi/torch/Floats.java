package dev.nunchi.torch;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/// Weights of labels as tensors of the scope that is open.
final class Floats {
  private Floats() {}

  /// @param neighbour in whose place the tensor is
  static Tensor tensor(List<Double> numbers, Tensor neighbour) {
    float[] values = new float[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers.get(i).floatValue();
    }
    return Placement.beside(values, neighbour);
  }

  /// None where there are no numbers.
  static TensorOptional optional(List<Double> numbers, Tensor neighbour) {
    return numbers.isEmpty()
        ? new TensorOptional()
        : new TensorOptional(tensor(numbers, neighbour));
  }
}
