package dev.nunchi.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A row-major array of doubles; token ids and masks are whole numbers in it.
public record PlainTensor(List<Integer> shape, double[] values) {
  public PlainTensor {
    int size = shape.stream().reduce(1, Math::multiplyExact);
    if (values.length != size) {
      throw new IllegalArgumentException(shape + " takes " + size + ", not " + values.length);
    }
  }

  static PlainTensor of(List<Integer> shape) {
    return new PlainTensor(shape, new double[shape.stream().reduce(1, Math::multiplyExact)]);
  }

  static PlainTensor ofWhole(List<Integer> shape, long[] values) {
    return new PlainTensor(shape, Arrays.stream(values).asDoubleStream().toArray());
  }

  public int axis(int index) {
    return shape.get(index);
  }

  /// The size of the last axis.
  int width() {
    return shape.getLast();
  }

  /// How many vectors of the last axis there are.
  int rows() {
    return values.length / width();
  }

  List<Integer> shapeWithWidth(int width) {
    List<Integer> axes = new ArrayList<>(shape.subList(0, shape.size() - 1));
    axes.add(width);
    return List.copyOf(axes);
  }
}
