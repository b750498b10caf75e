package dev.nunchi.nn;

import java.util.List;

/// A named weight of a network and how it starts when there is no checkpoint.
///
/// @param shape sizes of the axes, as stored in a checkpoint
/// @param zeroRow the row of a table that starts as zeros and stays so, -1 for none
public record Parameter(String name, List<Integer> shape, Initial initial, int zeroRow) {
  /// The value of a fresh parameter.
  public enum Initial {
    /// Normal, mean 0, standard deviation `initializer_range`.
    NORMAL,
    /// Uniform in `±1/√in`, where `in` is the last axis.
    UNIFORM,
    ZEROS,
    ONES
  }

  public long size() {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }

  /// Whether weight decay leaves it alone: biases and the parameters of norms.
  public boolean isBiasOrNorm() {
    return shape.size() < 2;
  }
}
