package dev.nunchi.torch;

import java.util.Arrays;

/// What the texts of a batch should be answered with.
public sealed interface Targets {
  /// The number of texts.
  int size();

  /// Those of some texts, in this order.
  ///
  /// @param texts their indices
  Targets of(int[] texts);

  /// Labels of a classifier.
  ///
  /// @param indices `[texts]`, of the labels that each text has
  record Labels(int[][] indices) implements Targets {
    @Override
    public int size() {
      return indices.length;
    }

    @Override
    public Labels of(int[] texts) {
      return new Labels(Arrays.stream(texts).mapToObj(i -> indices[i]).toArray(int[][]::new));
    }
  }

  /// Values of a regression.
  ///
  /// @param values `[texts]`, finite
  record Values(double[] values) implements Targets {
    @Override
    public int size() {
      return values.length;
    }

    @Override
    public Values of(int[] texts) {
      return new Values(Arrays.stream(texts).mapToDouble(i -> values[i]).toArray());
    }
  }

  /// The indices of labels.
  ///
  /// @throws IllegalStateException where these are values
  default int[][] labels() {
    if (this instanceof Labels(int[][] indices)) {
      return indices;
    }
    throw new IllegalStateException("Values of a regression, where labels were expected");
  }
}
