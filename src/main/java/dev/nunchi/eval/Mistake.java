package dev.nunchi.eval;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// A text that was answered wrongly.
///
/// @param probabilities one for each label
/// @param predicted index of the label that it was given
public record Mistake(ScoredText text, List<Double> probabilities, int predicted) {
  public Mistake {
    probabilities = List.copyOf(probabilities);
  }

  /// The probability of the wrong label.
  public double confidence() {
    return probabilities.get(predicted);
  }

  /// The mistakes in which the model was most confident, of equal ones in the order of the texts.
  ///
  /// @param probabilities `[texts, labels]`
  public static List<Mistake> worst(List<ScoredText> texts, double[][] probabilities, int most) {
    return IntStream.range(0, texts.size())
        .filter(row -> ProbabilityMetrics.prediction(probabilities[row]) != texts.get(row).actual())
        .mapToObj(row -> of(texts.get(row), probabilities[row]))
        .sorted(Comparator.comparingDouble(Mistake::confidence).reversed())
        .limit(most)
        .toList();
  }

  private static Mistake of(ScoredText text, double[] probabilities) {
    return new Mistake(
        text,
        Arrays.stream(probabilities).boxed().toList(),
        ProbabilityMetrics.prediction(probabilities));
  }
}
