package dev.nunchi.nn;

import java.util.Map;
import java.util.Set;

record WeightMap(Map<String, Weight> weights) implements Weights {
  @Override
  public Set<String> names() {
    return weights.keySet();
  }

  @Override
  public Weight get(String name) {
    Weight weight = weights.get(name);
    if (weight == null) {
      throw new IllegalStateException("There is no weight " + name);
    }
    return weight;
  }
}
