package dev.nunchi.torch;

import dev.nunchi.nn.DynamicMap;
import dev.nunchi.nn.LayerDepth;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// [AdamW] whose moments take 8 bits a number in place of 32, as that of bitsandbytes (Dettmers et
/// al., 2022, <https://arxiv.org/abs/2110.02861>); see [EightBitMoment]. The first moment has codes
/// with a sign, the second without.
///
/// A step takes each block's moments out of their codes, moves them and the weights in fp32, and
/// puts them back rounded, all by the host. Parameters of fewer than 4096 numbers keep moments in
/// fp32. Owns its moments.
final class AdamW8bit implements Optimizer {
  private static final String FIRST = "exp_avg.";
  private static final String SECOND = "exp_avg_sq.";
  private static final String STEP = "step.";

  /// Blocks that one thread updates in one go.
  private static final int PART = 1024;

  private static final class Slot {
    private final Parameter parameter;
    private final Tensor weight;
    private final double depthFactor;
    private final EightBitMoment first;
    private final EightBitMoment second;
    private final Tensor step;

    Slot(Parameter parameter, Tensor weight, double depthFactor, SegmentAllocator memory) {
      this.parameter = parameter;
      this.weight = weight;
      this.depthFactor = depthFactor;
      List<Integer> shape = parameter.shape();
      first = new EightBitMoment(DynamicMap.SIGNED, shape, parameter.size(), memory);
      second = new EightBitMoment(DynamicMap.UNSIGNED, shape, parameter.size(), memory);
      step = torch.zeros(new long[0], Placement.CPU.options()).retainReference();
    }
  }

  /// What one step multiplies and adds, the same for all numbers of a parameter.
  private record Factors(
      float beta1,
      float newToFirst,
      float beta2,
      float newToSecond,
      float kept,
      float rate,
      float correction,
      float epsilon) {}

  private final OptimizerSettings.AdamW settings;
  private final AdamW small;
  private final List<Slot> slots = new ArrayList<>();
  private final Arena arena = Arena.ofShared();

  AdamW8bit(Network network, ParameterStore parameters, OptimizerSettings.AdamW8bit settings) {
    this.settings = settings.adamW();
    SegmentAllocator memory = memory(parameters.trained(), settings.pages(), arena);
    LayerDepth depth = new LayerDepth(network);
    List<Parameter> few = new ArrayList<>();
    for (Parameter parameter : parameters.trained()) {
      if (parameter.size() < OptimizerSettings.AdamW8bit.LEAST_SIZE) {
        few.add(parameter);
      } else {
        double factor =
            this.settings.layerwiseDecay() < 1
                ? Math.pow(this.settings.layerwiseDecay(), depth.of(parameter))
                : 1;
        slots.add(new Slot(parameter, parameters.get(parameter.name()), factor, memory));
      }
    }
    small = new AdamW(network, parameters, few, this.settings);
  }

  private static SegmentAllocator memory(
      List<Parameter> trained, @Nullable Path pages, Arena arena) {
    // Magnitudes begin where a number may.
    long bytes =
        trained.stream()
            .mapToLong(Parameter::size)
            .filter(size -> size >= OptimizerSettings.AdamW8bit.LEAST_SIZE)
            .map(size -> OptimizerSettings.AdamW8bit.stateBytes(size) + 2 * Float.BYTES)
            .sum();
    return pages == null || bytes == 0 ? arena : PagedMemory.in(pages, bytes, arena);
  }

  @Override
  public void step(double learningRate) {
    small.step(learningRate);
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Slot slot : slots) {
        if (slot.weight.grad().defined()) {
          Gradients.makeDense(slot.weight);
          step(slot, learningRate * slot.depthFactor);
        }
      }
    }
  }

  private void step(Slot slot, double rate) {
    slot.step.add_(new Scalar(1.0));
    double step = slot.step.item_double();
    double correction1 = 1 - Math.pow(settings.beta1(), step);
    double correction2 = Math.sqrt(1 - Math.pow(settings.beta2(), step));
    double decay = slot.parameter.isBiasOrNorm() ? 0 : settings.weightDecay();
    Factors factors =
        new Factors(
            (float) settings.beta1(),
            (float) (1 - settings.beta1()),
            (float) settings.beta2(),
            (float) (1 - settings.beta2()),
            (float) (1 - rate * decay),
            (float) (-rate / correction1),
            (float) correction2,
            (float) settings.epsilon());
    Tensor weight = slot.weight.cpu();
    MemorySegment weights = memory(weight);
    MemorySegment gradients = memory(slot.weight.grad().cpu().contiguous());
    long blocks =
        (slot.parameter.size() + EightBitMoment.BLOCK_SIZE - 1) / EightBitMoment.BLOCK_SIZE;
    LongStream parts = LongStream.range(0, (blocks + PART - 1) / PART);
    (TorchRuntime.threads() > 1 ? parts.parallel() : parts)
        .forEach(part ->
            update(
                slot,
                factors,
                weights,
                gradients,
                part * PART,
                Math.min(blocks, (part + 1) * PART)));
    if (!slot.weight.is_cpu()) {
      slot.weight.copy_(weight);
    }
  }

  private static void update(
      Slot slot, Factors f, MemorySegment weights, MemorySegment gradients, long begin, long end) {
    float[] first = new float[EightBitMoment.BLOCK_SIZE];
    float[] second = new float[EightBitMoment.BLOCK_SIZE];
    long size = slot.parameter.size();
    for (long block = begin; block < end; block++) {
      long start = block * EightBitMoment.BLOCK_SIZE;
      int count = (int) Math.min(EightBitMoment.BLOCK_SIZE, size - start);
      slot.first.read(block, count, first);
      slot.second.read(block, count, second);
      for (int i = 0; i < count; i++) {
        float gradient = gradients.getAtIndex(ValueLayout.JAVA_FLOAT, start + i);
        first[i] = first[i] * f.beta1 + f.newToFirst * gradient;
        second[i] = second[i] * f.beta2 + f.newToSecond * gradient * gradient;
        float root = (float) Math.sqrt(second[i]) / f.correction + f.epsilon;
        float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, start + i) * f.kept;
        weights.setAtIndex(ValueLayout.JAVA_FLOAT, start + i, weight + f.rate * first[i] / root);
      }
      slot.first.write(block, count, first);
      slot.second.write(block, count, second);
    }
  }

  private static MemorySegment memory(Tensor tensor) {
    return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
  }

  @Override
  public void addTo(Map<String, Weight> state) {
    small.addTo(state);
    for (Slot slot : slots) {
      String name = slot.parameter.name();
      slot.first.addTo(state, FIRST + name);
      slot.second.addTo(state, SECOND + name);
      state.put(STEP + name, TensorMemory.view(slot.step, List.of()));
    }
  }

  @Override
  public void restore(Weights state) {
    small.restore(state);
    try (NoGradGuard guard = new NoGradGuard()) {
      for (Slot slot : slots) {
        String name = slot.parameter.name();
        slot.first.restore(state, FIRST + name);
        slot.second.restore(state, SECOND + name);
        slot.step.copy_(TensorMemory.view(state.get(STEP + name)));
      }
    }
  }

  @Override
  public void close() {
    small.close();
    slots.forEach(slot -> slot.step.close());
    arena.close();
  }
}
