package dev.nunchi.nn;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.Map;
import java.util.Set;

record WeightMap(Map<String, Weight> weights, String origin) implements Weights {
  @Override
  public Set<String> names() {
    return weights.keySet();
  }

  @Override
  public Weight get(String name) {
    Weight weight = weights.get(name);
    if (weight == null) {
      throw new NunchiException(Reason.INVALID_MODEL, origin + " holds no tensor " + name);
    }
    return weight;
  }
}
