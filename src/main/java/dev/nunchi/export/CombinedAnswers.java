package dev.nunchi.export;

import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Span;
import dev.nunchi.text.Spelling;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/// What two models answer by themselves, each `[texts, labels]`: their logits over their
/// temperatures, and the weighted sum of these.
record CombinedAnswers(double[][] first, double[][] second, double[][] sums) {
  /// @param weight of the second's logits
  /// @param spelling of the first's pieces for the second
  /// @param encodings for the first
  static CombinedAnswers of(
      ModelDirectory first,
      ModelDirectory second,
      double weight,
      Spelling spelling,
      List<Encoding> encodings) {
    double[][] one = divided(first, encodings);
    double[][] other =
        divided(
            second,
            encodings.stream().map(text -> encoding(spelling.of(text.inputIds()))).toList());
    double[][] sums =
        IntStream.range(0, one.length)
            .mapToObj(text ->
                IntStream.range(0, one[text].length)
                    .mapToDouble(
                        label -> (1 - weight) * one[text][label] + weight * other[text][label])
                    .toArray())
            .toArray(double[][]::new);
    return new CombinedAnswers(one, other, sums);
  }

  private static Encoding encoding(int[] ids) {
    return new Encoding(
        ids, new int[ids.length], Collections.nCopies(ids.length, Span.NONE), ids.length, 0, false);
  }

  private static double[][] divided(ModelDirectory model, List<Encoding> encodings) {
    double temperature = model.manifest().task().temperature();
    return Quantization.logits(model, encodings).stream()
        .map(row -> IntStream.range(0, row.length).mapToDouble(i -> row[i] / temperature).toArray())
        .toArray(double[][]::new);
  }
}
