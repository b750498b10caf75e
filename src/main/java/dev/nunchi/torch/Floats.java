package dev.nunchi.torch;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Weights of labels as tensors of the scope that is open.
final class Floats {
  private Floats() {}

  static Tensor tensor(List<Double> numbers) {
    float[] values = new float[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers.get(i).floatValue();
    }
    return torch.tensor(values);
  }

  /// None where there are no numbers.
  static TensorOptional optional(List<Double> numbers) {
    return numbers.isEmpty() ? new TensorOptional() : new TensorOptional(tensor(numbers));
  }
}
