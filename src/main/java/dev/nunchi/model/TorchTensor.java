package dev.nunchi.model;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A view of a [TorchStorage]: element `(i, j, …)` is number `offset + i·strides[0] + j·strides[1]
/// + …` of it.
///
/// @param type of its numbers
/// @param elements numbers of this type that the storage holds
record TorchTensor(
    TorchStorage storage,
    ElementType type,
    long elements,
    long offset,
    List<Integer> shape,
    List<Long> strides) {

  /// @throws ArithmeticException where no long holds it
  long size() {
    long size = 1;
    for (int length : shape) {
      size = Math.multiplyExact(size, (long) length);
    }
    return size;
  }

  /// @throws ArithmeticException where no long holds it
  long bytes() {
    return Math.multiplyExact(size(), (long) type.bytes());
  }

  /// Whether every number that it reaches is one of the storage's.
  boolean isInside() {
    try {
      if (bytes() == 0) {
        return offset >= 0;
      }
      long last = offset;
      for (int axis = 0; axis < shape.size(); axis++) {
        last = Math.addExact(last, Math.multiplyExact(shape.get(axis) - 1L, strides.get(axis)));
      }
      return offset >= 0 && strides.stream().allMatch(stride -> stride >= 0) && last < elements;
    } catch (ArithmeticException e) {
      return false;
    }
  }

  /// Whether its numbers lie one after another, in the order of a [Weight].
  boolean isContiguous() {
    long expected = 1;
    for (int axis = shape.size() - 1; axis >= 0; axis--) {
      if (shape.get(axis) != 1 && strides.get(axis) != expected) {
        return false;
      }
      expected *= shape.get(axis);
    }
    return true;
  }

  /// The numbers, as they lie in `data` where they are contiguous, else copied.
  ///
  /// @param data the bytes of the storage
  /// @param arena that a copy lives as long as
  Weight weight(MemorySegment data, Arena arena) {
    long bytes = bytes();
    if (bytes == 0) {
      return new Weight(type, shape, data.asSlice(0, 0));
    }
    return isContiguous()
        ? new Weight(type, shape, data.asSlice(offset * type.bytes(), bytes))
        : new Weight(type, shape, copy(data, arena.allocate(bytes, 64)).asReadOnly());
  }

  private MemorySegment copy(MemorySegment data, MemorySegment copy) {
    int width = type.bytes();
    int[] index = new int[shape.size()];
    long from = offset;
    for (long to = 0; to < copy.byteSize(); to += width) {
      MemorySegment.copy(data, from * width, copy, to, width);
      for (int axis = index.length - 1; axis >= 0; axis--) {
        from += strides.get(axis);
        if (++index[axis] < shape.get(axis)) {
          break;
        }
        from -= strides.get(axis) * shape.get(axis);
        index[axis] = 0;
      }
    }
    return copy;
  }
}
