package dev.nunchi.eval;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/// The evaluated model beside another one, on the same texts.
///
/// A text is right where its labels are exactly the predicted ones.
///
/// @param other name of the other model
/// @param revision of the other model
/// @param outcomes of the texts, those of the evaluated model first
public record Comparison(String other, String revision, PairedOutcomes outcomes) {
  /// A difference this unlikely among equal models is called one.
  private static final double SIGNIFICANCE = 0.05;

  private static final double LEAST_FIXED = 0.0005;

  /// Compares what two models predict.
  ///
  /// @param actual the labels of each text
  /// @param predicted by the evaluated model
  /// @param predictedByOther by the other one
  public static Comparison of(
      String other,
      String revision,
      List<Set<String>> actual,
      List<Set<String>> predicted,
      List<Set<String>> predictedByOther) {
    return new Comparison(
        other,
        revision,
        PairedOutcomes.of(right(actual, predicted), right(actual, predictedByOther)));
  }

  private static boolean[] right(List<Set<String>> actual, List<Set<String>> predicted) {
    boolean[] right = new boolean[actual.size()];
    for (int i = 0; i < right.length; i++) {
      right[i] = actual.get(i).equals(predicted.get(i));
    }
    return right;
  }

  /// McNemar's probability as people read it.
  public String probability() {
    double probability = outcomes.mcNemar();
    return probability < LEAST_FIXED
        ? String.format(Locale.ROOT, "%.1e", probability)
        : String.format(Locale.ROOT, "%.4f", probability);
  }

  /// What the figures say, in a sentence.
  public String verdict() {
    if (outcomes.mcNemar() >= SIGNIFICANCE) {
      return "these texts do not tell which is better";
    }
    return outcomes.difference() > 0 ? "this model is better" : other + " is better";
  }
}
