package dev.nunchi.torch;

import java.util.Arrays;
import java.util.stream.IntStream;

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
  /// @param values `[texts]`, finite; NaN of a text without one
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

  /// What a teacher answers to texts, and what those of them that are labelled should be answered
  /// with beside.
  ///
  /// @param own labels or values; what stands there of a text without a label is not read
  /// @param labelled `[texts]`
  /// @param teacher its logits `[texts, labels]`, in the order of the student's labels; of a
  ///   regression its value
  record Distilled(Targets own, boolean[] labelled, float[][] teacher) implements Targets {
    @Override
    public int size() {
      return teacher.length;
    }

    @Override
    public Distilled of(int[] texts) {
      boolean[] flags = new boolean[texts.length];
      for (int i = 0; i < texts.length; i++) {
        flags[i] = labelled[texts[i]];
      }
      return new Distilled(
          own.of(texts),
          flags,
          Arrays.stream(texts).mapToObj(i -> teacher[i]).toArray(float[][]::new));
    }

    /// The indices of the texts that are labelled, ascending.
    int[] labelledTexts() {
      return IntStream.range(0, labelled.length).filter(i -> labelled[i]).toArray();
    }
  }

  /// The indices of labels.
  ///
  /// @throws IllegalStateException where these are of another kind
  default int[][] labels() {
    if (this instanceof Labels(int[][] indices)) {
      return indices;
    }
    throw new IllegalStateException("Other targets, where labels were expected");
  }
}
