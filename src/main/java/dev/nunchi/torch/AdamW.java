package dev.nunchi.torch;

import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
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
/// <https://arxiv.org/abs/1711.05101>), in libtorch's fused kernels.
///
/// Biases and the parameters of norms are not decayed. Bags have an L2 penalty in their gradient
/// instead, as plain Adam has it (Kingma and Ba, 2015, <https://arxiv.org/abs/1412.6980>):
/// decoupled decay would take as much from a row that is often seen as from one that never is. A
/// parameter without a gradient is left alone. With a layer-wise decay below 1 the learning rate
/// falls from each layer to the one below it; see [LayerDepth]. Owns its moments.
final class AdamW implements AutoCloseable {
  /// @param weightDecay multiplied with the learning rate and taken off the weights at each step
  /// @param layerwiseDecay factor of the rate from a layer to the one below it, in (0, 1]
  /// @param bagL2 `λ` of bags, 0 or more
  record Settings(
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      double layerwiseDecay,
      double bagL2) {}

  /// What goes through a kernel together.
  private record Group(Decay decay, int depth) {}

  private enum Decay {
    NONE,
    WEIGHTS,
    BAG
  }

  private record Slot(
      Parameter parameter, Group group, Tensor weight, Tensor first, Tensor second, Tensor step) {}

  private static final String FIRST = "exp_avg.";
  private static final String SECOND = "exp_avg_sq.";
  private static final String STEP = "step.";

  private final Settings settings;
  private final List<Slot> slots = new ArrayList<>();
  private final SequencedMap<Group, List<Slot>> groups = new LinkedHashMap<>();
  private final OperatorHandle kernel;
  private final OperatorHandle bagKernel;

  AdamW(Network network, ParameterStore parameters, Settings settings) {
    this.settings = settings;
    LayerDepth depth = new LayerDepth(network);
    for (Parameter parameter : parameters.parameters()) {
      Tensor weight = parameters.get(parameter.name());
      Slot slot =
          new Slot(
              parameter,
              new Group(decay(parameter), settings.layerwiseDecay() < 1 ? depth.of(parameter) : 0),
              weight,
              owned(torch.zeros_like(weight)),
              owned(torch.zeros_like(weight)),
              owned(torch.zeros(new long[0])));
      slots.add(slot);
      groups.computeIfAbsent(slot.group(), group -> new ArrayList<>()).add(slot);
    }
    kernel = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
    kernel.retainReference();
    bagKernel = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adam_", "");
    bagKernel.retainReference();
  }

  /// Scales the gradients down together where their joint L2 norm is over `maxNorm`.
  ///
  /// @param maxNorm 0 for no limit
  /// @return the norm before
  double clipGradients(double maxNorm) {
    TensorVector parameters = new TensorVector();
    slots.forEach(slot -> parameters.push_back(slot.weight()));
    return torch.clip_grad_norm_(parameters, maxNorm == 0 ? Float.MAX_VALUE : maxNorm);
  }

  /// One update from the gathered gradients, which it clears.
  void step(double learningRate) {
    try (NoGradGuard guard = new NoGradGuard()) {
      groups.forEach((group, members) ->
          step(
              learningRate * Math.pow(settings.layerwiseDecay(), group.depth()),
              group.decay(),
              members));
      for (Slot slot : slots) {
        Tensor gradient = slot.weight().mutable_grad();
        if (gradient.defined()) {
          gradient.reset();
        }
      }
    }
  }

  /// Adds copies of the moments and the count of steps, in memory that `arena` owns.
  void copyInto(Map<String, Weight> state, Arena arena) {
    for (Slot slot : slots) {
      String name = slot.parameter().name();
      List<Integer> shape = slot.parameter().shape();
      state.put(FIRST + name, TensorMemory.copy(slot.first(), shape, arena));
      state.put(SECOND + name, TensorMemory.copy(slot.second(), shape, arena));
      state.put(STEP + name, TensorMemory.copy(slot.step(), List.of(), arena));
    }
  }

  void restore(Weights state) {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Slot slot : slots) {
        String name = slot.parameter().name();
        slot.first().copy_(TensorMemory.view(state.get(FIRST + name)));
        slot.second().copy_(TensorMemory.view(state.get(SECOND + name)));
        slot.step().copy_(TensorMemory.view(state.get(STEP + name)));
      }
    }
  }

  private static Decay decay(Parameter parameter) {
    if (parameter.isBag()) {
      return Decay.BAG;
    }
    return parameter.isBiasOrNorm() ? Decay.NONE : Decay.WEIGHTS;
  }

  private void step(double learningRate, Decay decay, List<Slot> members) {
    List<Slot> group = members.stream().filter(slot -> slot.weight().grad().defined()).toList();
    if (group.isEmpty()) {
      return;
    }
    group.forEach(slot -> slot.step().add_(new Scalar(1.0)));
    IValueVector stack = new IValueVector();
    stack.push_back(list(group.stream().map(Slot::weight).toList()));
    stack.push_back(list(group.stream().map(slot -> slot.weight().grad()).toList()));
    stack.push_back(list(group.stream().map(Slot::first).toList()));
    stack.push_back(list(group.stream().map(Slot::second).toList()));
    stack.push_back(list(List.of()));
    stack.push_back(list(group.stream().map(Slot::step).toList()));
    stack.push_back(new IValue(learningRate));
    stack.push_back(new IValue(settings.beta1()));
    stack.push_back(new IValue(settings.beta2()));
    stack.push_back(
        new IValue(
            switch (decay) {
              case NONE -> 0.0;
              case WEIGHTS -> settings.weightDecay();
              case BAG -> settings.bagL2();
            }));
    stack.push_back(new IValue(settings.epsilon()));
    stack.push_back(new IValue(false));
    stack.push_back(new IValue(false));
    stack.push_back(new IValue());
    stack.push_back(new IValue());
    Dispatcher.singleton().callBoxed(decay == Decay.BAG ? bagKernel : kernel, stack);
  }

  @Override
  public void close() {
    for (Slot slot : slots) {
      slot.first().close();
      slot.second().close();
      slot.step().close();
    }
    kernel.close();
    bagKernel.close();
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
