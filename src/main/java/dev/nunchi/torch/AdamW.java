package dev.nunchi.torch;

import dev.nunchi.nn.LayerDepth;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.util.ArrayList;
import java.util.HashMap;
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
import org.jspecify.annotations.Nullable;

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019,
/// <https://arxiv.org/abs/1711.05101>), in libtorch's fused kernels.
///
/// Biases and the parameters of norms are not decayed. A parameter without a gradient is left
/// alone. With a layer-wise decay below 1 the learning rate falls from each layer to the one below
/// it; see [LayerDepth]. Owns its moments.
final class AdamW implements Optimizer {
  /// What goes through the kernel together.
  private record Group(boolean decayed, int depth) {}

  private record Slot(
      Parameter parameter, Group group, Tensor weight, Tensor first, Tensor second, Tensor step) {}

  private static final String FIRST = "exp_avg.";
  private static final String SECOND = "exp_avg_sq.";
  private static final String STEP = "step.";

  private final OptimizerSettings.AdamW settings;
  private final List<Slot> slots = new ArrayList<>();
  private final SequencedMap<Group, List<Slot>> groups = new LinkedHashMap<>();

  /// Of zeros between steps.
  private final Map<String, Tensor> tables = new HashMap<>();

  private final OperatorHandle kernel;

  AdamW(Network network, ParameterStore parameters, OptimizerSettings.AdamW settings) {
    this(network, parameters, parameters.trained(), settings);
  }

  /// @param updated those of the parameters that are its own
  AdamW(
      Network network,
      ParameterStore parameters,
      List<Parameter> updated,
      OptimizerSettings.AdamW settings) {
    this.settings = settings;
    LayerDepth depth = new LayerDepth(network);
    for (Parameter parameter : updated) {
      Tensor weight = parameters.get(parameter.name());
      Slot slot =
          new Slot(
              parameter,
              new Group(
                  !parameter.isBiasOrNorm(),
                  settings.layerwiseDecay() < 1 ? depth.of(parameter) : 0),
              weight,
              owned(torch.zeros_like(weight)),
              owned(torch.zeros_like(weight)),
              owned(torch.zeros(new long[0], parameters.placement().options())));
      slots.add(slot);
      groups.computeIfAbsent(slot.group(), group -> new ArrayList<>()).add(slot);
    }
    kernel = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
    kernel.retainReference();
  }

  @Override
  public void step(double learningRate) {
    try (NoGradGuard guard = new NoGradGuard()) {
      groups.forEach((group, members) ->
          step(
              learningRate * Math.pow(settings.layerwiseDecay(), group.depth()),
              group.decayed(),
              members));
    }
  }

  @Override
  public void addTo(Map<String, Weight> state) {
    for (Slot slot : slots) {
      String name = slot.parameter().name();
      List<Integer> shape = slot.parameter().shape();
      state.put(FIRST + name, TensorMemory.view(slot.first(), shape));
      state.put(SECOND + name, TensorMemory.view(slot.second(), shape));
      state.put(STEP + name, TensorMemory.view(slot.step(), List.of()));
    }
  }

  @Override
  public void restore(Weights state) {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Slot slot : slots) {
        String name = slot.parameter().name();
        slot.first().copy_(TensorMemory.view(state.get(FIRST + name)));
        slot.second().copy_(TensorMemory.view(state.get(SECOND + name)));
        slot.step().copy_(TensorMemory.view(state.get(STEP + name)));
      }
    }
  }

  private void step(double learningRate, boolean decayed, List<Slot> members) {
    List<Slot> group = members.stream().filter(slot -> slot.weight().grad().defined()).toList();
    if (group.isEmpty()) {
      return;
    }
    group.forEach(slot -> slot.step().add_(new Scalar(1.0)));
    IValueVector stack = new IValueVector();
    stack.push_back(list(group.stream().map(Slot::weight).toList()));
    stack.push_back(list(group.stream().map(this::dense).toList()));
    stack.push_back(list(group.stream().map(Slot::first).toList()));
    stack.push_back(list(group.stream().map(Slot::second).toList()));
    stack.push_back(list(List.of()));
    stack.push_back(list(group.stream().map(Slot::step).toList()));
    stack.push_back(new IValue(learningRate));
    stack.push_back(new IValue(settings.beta1()));
    stack.push_back(new IValue(settings.beta2()));
    stack.push_back(new IValue(decayed ? settings.weightDecay() : 0.0));
    stack.push_back(new IValue(settings.epsilon()));
    stack.push_back(new IValue(false));
    stack.push_back(new IValue(false));
    stack.push_back(new IValue());
    stack.push_back(new IValue());
    Dispatcher.singleton().callBoxed(kernel, stack);
    group.forEach(this::clearRows);
  }

  /// The gradient, of a table whose gradient is sparse in a tensor that stays: it is as large as
  /// the table, and to get its memory for each step cost more than what is computed with it.
  private Tensor dense(Slot slot) {
    Tensor gradient = Gradients.coalesce(slot.weight());
    if (!gradient.is_sparse()) {
      return gradient;
    }
    Tensor whole =
        tables.computeIfAbsent(
            slot.parameter().name(), _ -> owned(torch.zeros_like(slot.weight())));
    whole.index_copy_(0, rows(gradient), gradient._values());
    return whole;
  }

  /// What [#dense] has written.
  private void clearRows(Slot slot) {
    @Nullable Tensor table = tables.get(slot.parameter().name());
    Tensor gradient = slot.weight().mutable_grad();
    if (table != null && gradient.is_sparse()) {
      table.index_fill_(0, rows(gradient), new Scalar(0.0));
    }
  }

  private static Tensor rows(Tensor sparse) {
    return sparse._indices().select(0, 0);
  }

  @Override
  public void close() {
    for (Slot slot : slots) {
      slot.first().close();
      slot.second().close();
      slot.step().close();
    }
    tables.values().forEach(Tensor::close);
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
