package dev.nunchi.nn;

import java.util.List;

/// A named weight of a network and how it starts when there is no checkpoint.
///
/// @param shape sizes of the axes, as stored in a checkpoint
public record Parameter(String name, List<Integer> shape, Initial initial) {
  /// The value of a fresh parameter.
  public enum Initial {
    /// Normal, mean 0, standard deviation `initializer_range`.
    NORMAL,
    /// As [#NORMAL], but with the row of the padding token 0.
    NORMAL_WITHOUT_PADDING_ROW,
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
