package dev.nunchi.nn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/// Normal fp32 weights of standard deviation 0.3, the same for the same seed.
public final class RandomWeights implements Weights {
  private final Map<String, Weight> weights = new HashMap<>();
  private final Random random;

  public RandomWeights(long seed) {
    this.random = new Random(seed);
  }

  public static RandomWeights of(Collection<Parameter> parameters, long seed) {
    RandomWeights weights = new RandomWeights(seed);
    for (Parameter parameter : parameters) {
      if (parameter.zeroRow() == 0) {
        weights.addWithZeroRow(parameter.name(), parameter.shape());
      } else {
        weights.add(parameter.name(), parameter.shape());
      }
    }
    return weights;
  }

  /// A table whose first row is of zeros, as that of a padding index is.
  public RandomWeights addWithZeroRow(String name, List<Integer> shape) {
    add(name, shape);
    get(name).data().asSlice(0, 4L * shape.getLast()).fill((byte) 0);
    return this;
  }

  public RandomWeights add(String name, List<Integer> shape) {
    int size = shape.stream().reduce(1, Math::multiplyExact);
    MemorySegment data = Arena.ofAuto().allocate(4L * size, 8);
    for (int i = 0; i < size; i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (0.3 * random.nextGaussian()));
    }
    weights.put(name, new Weight(ElementType.F32, shape, data));
    return this;
  }

  public Map<String, Weight> byName() {
    return weights;
  }

  @Override
  public Set<String> names() {
    return weights.keySet();
  }

  @Override
  public Weight get(String name) {
    return Objects.requireNonNull(weights.get(name), name);
  }
}
