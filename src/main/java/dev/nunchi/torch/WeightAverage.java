package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// The exponential moving average of all weights over the steps (Polyak and Juditsky, 1992; in this
/// form Tarvainen and Valpola, 2017, <https://arxiv.org/abs/1703.01780>).
///
/// After step `t` the average moves towards the weights by `1 - min(decay, (1 + t) / (10 + t))`, so
/// that the first steps, far from where training goes, do not weigh for long. Owns its tensors.
final class WeightAverage implements AutoCloseable {
  private static final String PREFIX = "ema.";

  private final ParameterStore parameters;
  private final double decay;
  private final List<Tensor> averages = new ArrayList<>();

  /// @param decay in (0, 1)
  WeightAverage(ParameterStore parameters, double decay) {
    this.parameters = parameters;
    this.decay = decay;
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Parameter parameter : parameters.parameters()) {
        Tensor average = parameters.get(parameter.name()).detach().clone();
        average.retainReference();
        averages.add(average);
      }
    }
  }

  /// Takes in the weights after step `step`, counted from 1.
  void update(long step) {
    double kept = Math.min(decay, (1.0 + step) / (10.0 + step));
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int i = 0; i < averages.size(); i++) {
        averages.get(i).lerp_(weights(i), new Scalar(1 - kept));
      }
    }
  }

  /// Exchanges weights and averages; a second call undoes the first.
  void swap() {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int i = 0; i < averages.size(); i++) {
        try (PointerScope scope = new PointerScope()) {
          Tensor weights = weights(i);
          Tensor copy = weights.clone();
          weights.copy_(averages.get(i));
          averages.get(i).copy_(copy);
        }
      }
    }
  }

  /// Adds the averages, in their own memory.
  void addTo(Map<String, Weight> state) {
    for (int i = 0; i < averages.size(); i++) {
      Parameter parameter = parameters.parameters().get(i);
      state.put(PREFIX + parameter.name(), TensorMemory.view(averages.get(i), parameter.shape()));
    }
  }

  void restore(Weights state) {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int i = 0; i < averages.size(); i++) {
        String name = PREFIX + parameters.parameters().get(i).name();
        averages.get(i).copy_(TensorMemory.view(state.get(name)));
      }
    }
  }

  private Tensor weights(int i) {
    return parameters.get(parameters.parameters().get(i).name());
  }

  @Override
  public void close() {
    averages.forEach(Tensor::close);
    averages.clear();
  }
}
