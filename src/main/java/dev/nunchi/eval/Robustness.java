package dev.nunchi.eval;

import java.util.List;
import java.util.Set;

/// How well a model bears noise: the same texts classified as they are and under kinds of noise.
///
/// A text is right where its labels are exactly the predicted ones; for texts of any number of
/// labels that makes the accuracy the subset accuracy.
///
/// @param accuracy of the texts as they are, in [0, 1]
public record Robustness(double accuracy, List<Kind> kinds) {
  /// Of an evaluation without noise.
  public static final Robustness NONE = new Robustness(Double.NaN, List.of());

  public Robustness {
    kinds = List.copyOf(kinds);
  }

  /// Figures under one kind of noise, each a share in [0, 1] of all texts.
  ///
  /// @param changed texts that the kind had something to do on
  /// @param accuracy texts that are right in spite of it
  /// @param flips texts whose predicted labels are others than without it, right or wrong
  public record Kind(String name, double changed, double accuracy, double flips) {}

  /// Texts whose sets of labels are equal, as a share of all.
  ///
  /// @throws IllegalArgumentException where there are none, or not as many on both sides
  public static double agreement(List<Set<String>> some, List<Set<String>> others) {
    if (some.isEmpty() || some.size() != others.size()) {
      throw new IllegalArgumentException(
          "%d and %d sets of labels".formatted(some.size(), others.size()));
    }
    int equal = 0;
    for (int i = 0; i < some.size(); i++) {
      equal += some.get(i).equals(others.get(i)) ? 1 : 0;
    }
    return (double) equal / some.size();
  }

  public boolean isEmpty() {
    return kinds.isEmpty();
  }

  /// Accuracy lost to the kind, a share of all texts; below 0 where it gained.
  public double drop(Kind kind) {
    return accuracy - kind.accuracy();
  }

  /// The plain mean over the kinds, under the name `mean`.
  public Kind mean() {
    return new Kind(
        "mean",
        kinds.stream().mapToDouble(Kind::changed).average().orElse(Double.NaN),
        kinds.stream().mapToDouble(Kind::accuracy).average().orElse(Double.NaN),
        kinds.stream().mapToDouble(Kind::flips).average().orElse(Double.NaN));
  }
}
