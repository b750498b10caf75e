package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019,
/// <https://arxiv.org/abs/1711.05101>), one fused kernel for all parameters.
///
/// Biases and the parameters of norms are not decayed. A parameter without a gradient is left
/// alone. Owns its moments.
final class AdamW implements AutoCloseable {
  /// @param weightDecay multiplied with the learning rate and taken off the weights at each step
  record Settings(double beta1, double beta2, double epsilon, double weightDecay) {}

  private record Slot(
      Tensor parameter, Tensor first, Tensor second, Tensor step, boolean decayed) {}

  private final Settings settings;
  private final List<Slot> slots = new ArrayList<>();
  private final OperatorHandle kernel;

  AdamW(ParameterStore parameters, Settings settings) {
    this.settings = settings;
    for (Parameter parameter : parameters.parameters()) {
      Tensor tensor = parameters.get(parameter.name());
      slots.add(
          new Slot(
              tensor,
              owned(torch.zeros_like(tensor)),
              owned(torch.zeros_like(tensor)),
              owned(torch.zeros(new long[0])),
              !parameter.isBiasOrNorm()));
    }
    kernel = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
    kernel.retainReference();
  }

  /// Scales the gradients down together where their joint L2 norm is over `maxNorm`.
  ///
  /// @param maxNorm 0 for no limit
  /// @return the norm before
  double clipGradients(double maxNorm) {
    TensorVector parameters = new TensorVector();
    slots.forEach(slot -> parameters.push_back(slot.parameter()));
    return torch.clip_grad_norm_(parameters, maxNorm == 0 ? Float.MAX_VALUE : maxNorm);
  }

  /// One update from the gathered gradients, which it clears.
  void step(double learningRate) {
    try (NoGradGuard guard = new NoGradGuard()) {
      step(learningRate, true, settings.weightDecay());
      step(learningRate, false, 0);
      for (Slot slot : slots) {
        Tensor gradient = slot.parameter().mutable_grad();
        if (gradient.defined()) {
          gradient.reset();
        }
      }
    }
  }

  private void step(double learningRate, boolean decayed, double weightDecay) {
    List<Slot> group =
        slots.stream()
            .filter(slot -> slot.decayed() == decayed && slot.parameter().grad().defined())
            .toList();
    if (group.isEmpty()) {
      return;
    }
    group.forEach(slot -> slot.step().add_(new Scalar(1.0)));
    IValueVector stack = new IValueVector();
    stack.push_back(list(group.stream().map(Slot::parameter).toList()));
    stack.push_back(list(group.stream().map(slot -> slot.parameter().grad()).toList()));
    stack.push_back(list(group.stream().map(Slot::first).toList()));
    stack.push_back(list(group.stream().map(Slot::second).toList()));
    stack.push_back(list(List.of()));
    stack.push_back(list(group.stream().map(Slot::step).toList()));
    stack.push_back(new IValue(learningRate));
    stack.push_back(new IValue(settings.beta1()));
    stack.push_back(new IValue(settings.beta2()));
    stack.push_back(new IValue(weightDecay));
    stack.push_back(new IValue(settings.epsilon()));
    stack.push_back(new IValue(false));
    stack.push_back(new IValue(false));
    stack.push_back(new IValue());
    stack.push_back(new IValue());
    Dispatcher.singleton().callBoxed(kernel, stack);
  }

  @Override
  public void close() {
    for (Slot slot : slots) {
      slot.first().close();
      slot.second().close();
      slot.step().close();
    }
    kernel.close();
  }

  private static IValue list(List<Tensor> tensors) {
    TensorVector vector = new TensorVector();
    tensors.forEach(vector::push_back);
    return new IValue(new GenericList((Pointer) new TensorList(vector)));
  }

  private static Tensor owned(Tensor tensor) {
    tensor.retainReference();
    return tensor;
  }
}
