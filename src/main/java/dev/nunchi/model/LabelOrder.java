package dev.nunchi.model;

import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Where each label of a classifier stands among those of another that has the same names.
///
/// @param from for each label its place in the other; empty where all places are the same
record LabelOrder(List<Integer> from) {
  /// Every label stands where it stood.
  static final LabelOrder AS_IT_WAS = new LabelOrder(List.of());

  /// @param names the labels of the classifier
  /// @param others the same in another order
  static LabelOrder of(List<String> names, List<String> others) {
    return new LabelOrder(names.stream().map(others::indexOf).toList());
  }

  /// Whether every label stands where it stood.
  boolean isSame() {
    for (int i = 0; i < from.size(); i++) {
      if (from.get(i) != i) {
        return false;
      }
    }
    return true;
  }

  /// A copy of a tensor of the other classifier for this one.
  ///
  /// @param axis the one that counts labels; where it has another length, the tensor is given back
  Weight move(Weight weight, int axis, Arena arena) {
    List<Integer> shape = weight.shape();
    if (axis >= shape.size() || shape.get(axis) != from.size()) {
      return weight;
    }
    long inner = weight.type().bytes();
    for (int size : shape.subList(axis + 1, shape.size())) {
      inner *= size;
    }
    MemorySegment moved = arena.allocate(weight.data().byteSize(), 64);
    long outer = from.size() * inner;
    for (long start = 0; start < moved.byteSize(); start += outer) {
      for (int label = 0; label < from.size(); label++) {
        MemorySegment.copy(
            weight.data(), start + from.get(label) * inner, moved, start + label * inner, inner);
      }
    }
    return new Weight(weight.type(), shape, moved.asReadOnly());
  }
}
