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

/// An average of all weights over steps, as an [Averaging] has it. Owns its tensors.
final class WeightAverage implements AutoCloseable {
  private static final String EXPONENTIAL_PREFIX = "ema.";
  private static final String STOCHASTIC_PREFIX = "swa.";

  private final ParameterStore parameters;
  private final Averaging averaging;
  private final String prefix;
  private final List<Tensor> averages = new ArrayList<>();

  WeightAverage(ParameterStore parameters, Averaging averaging) {
    this.parameters = parameters;
    this.averaging = averaging;
    this.prefix =
        averaging instanceof Averaging.Stochastic ? STOCHASTIC_PREFIX : EXPONENTIAL_PREFIX;
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Parameter parameter : parameters.trained()) {
        Tensor average = parameters.get(parameter.name()).detach().clone();
        average.retainReference();
        averages.add(average);
      }
    }
  }

  /// Takes in the weights after step `step`, counted from 1.
  void update(long step) {
    double share = averaging.share(step);
    if (share == 0) {
      return;
    }
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int i = 0; i < averages.size(); i++) {
        averages.get(i).lerp_(weights(i), new Scalar(share));
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
      Parameter parameter = parameters.trained().get(i);
      state.put(prefix + parameter.name(), TensorMemory.view(averages.get(i), parameter.shape()));
    }
  }

  void restore(Weights state) {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int i = 0; i < averages.size(); i++) {
        String name = prefix + parameters.trained().get(i).name();
        averages.get(i).copy_(TensorMemory.view(state.get(name)));
      }
    }
  }

  private Tensor weights(int i) {
    return parameters.get(parameters.trained().get(i).name());
  }

  @Override
  public void close() {
    averages.forEach(Tensor::close);
    averages.clear();
  }
}
