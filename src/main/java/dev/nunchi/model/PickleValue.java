package dev.nunchi.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A Python value in a pickle that is no string, number or truth value of Java's.
sealed interface PickleValue {
  /// `None`.
  record None() implements PickleValue {}

  /// Values that are fixed once it is made.
  record Tuple(List<Object> items) implements PickleValue {}

  /// A Python list, which may come to hold itself.
  record Sequence(List<Object> items) implements PickleValue {
    Sequence() {
      this(new ArrayList<>());
    }
  }

  /// A dictionary, ordered as it was written; it may come to hold itself.
  ///
  /// @param entries keys are strings, numbers and truth values
  record Dictionary(Map<Object, Object> entries) implements PickleValue {
    Dictionary() {
      this(new LinkedHashMap<>());
    }
  }

  /// `bytes`, of which no tensor is made.
  record Bytes() implements PickleValue {}

  /// `torch.float32` and its like.
  record Dtype(StorageType type) implements PickleValue {}

  /// Something of which a table of tensors makes no use, such as a device.
  record Unused() implements PickleValue {}
}
