package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Adagrad, made for features of which few are seen at a time (Duchi, Hazan and Singer, 2011,
/// <https://jmlr.org/papers/v12/duchi11a.html>): `s ← s + g²`, `w ← w - rate · g / (√s + ε)`, each
/// weight for itself.
///
/// A weight that was never seen keeps its value and costs nothing: a sparse gradient takes the time
/// of its rows, whatever the size of the table. Owns the sums.
final class Adagrad implements Optimizer {
  private record Slot(Parameter parameter, Tensor weight, Tensor sum) {}

  private static final String SUM = "sum.";

  private final OptimizerSettings.Adagrad settings;
  private final List<Slot> slots = new ArrayList<>();

  Adagrad(ParameterStore parameters, OptimizerSettings.Adagrad settings) {
    this.settings = settings;
    for (Parameter parameter : parameters.trained()) {
      Tensor weight = parameters.get(parameter.name());
      Tensor sum = torch.zeros_like(weight);
      sum.retainReference();
      slots.add(new Slot(parameter, weight, sum));
    }
  }

  @Override
  public void step(double learningRate) {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Slot slot : slots) {
        Tensor gradient = Gradients.coalesce(slot.weight());
        if (!gradient.defined()) {
          continue;
        }
        if (gradient.is_sparse()) {
          stepRows(slot, gradient, learningRate);
        } else {
          update(slot.weight(), slot.sum(), gradient, learningRate);
        }
      }
    }
  }

  private void stepRows(Slot slot, Tensor gradient, double learningRate) {
    Tensor rows = gradient._indices().select(0, 0);
    Tensor weight = slot.weight().index_select(0, rows);
    Tensor sum = slot.sum().index_select(0, rows);
    update(weight, sum, gradient._values(), learningRate);
    slot.weight().index_copy_(0, rows, weight);
    slot.sum().index_copy_(0, rows, sum);
  }

  private void update(Tensor weight, Tensor sum, Tensor gradient, double learningRate) {
    sum.addcmul_(gradient, gradient);
    Tensor root = sum.sqrt().add_(new Scalar(settings.epsilon()));
    weight.addcdiv_(gradient, root, new Scalar(-learningRate));
  }

  @Override
  public void addTo(Map<String, Weight> state) {
    for (Slot slot : slots) {
      Parameter parameter = slot.parameter();
      state.put(SUM + parameter.name(), TensorMemory.view(slot.sum(), parameter.shape()));
    }
  }

  @Override
  public void restore(Weights state) {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Slot slot : slots) {
        slot.sum().copy_(TensorMemory.view(state.get(SUM + slot.parameter().name())));
      }
    }
  }

  @Override
  public void close() {
    slots.forEach(slot -> slot.sum().close());
  }
}
